// Runs ip(8) with each line of the first argument, then prints what a list of the library says, as JSON.
import { execFileSync } from 'node:child_process';
import { openRtnl } from '../../dist/index.js';

const [lines, service, filter] = process.argv.slice(2);
for (const line of JSON.parse(lines)) execFileSync('ip', line.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] });
const rtnl = await openRtnl();
const rows = await rtnl[service].list(JSON.parse(filter));
console.log(JSON.stringify(rows));
await rtnl.close();
