// stream.mjs ADDRESS PORT: sends a number every 10 ms through one TCP connection, writes what comes back, ends with it.
import { connect } from 'node:net';
import { setInterval } from 'node:timers';

const intervalMs = 10;
const [address, port] = process.argv.slice(2);

const socket = connect({ host: address, port: Number(port), noDelay: true });
let last = 0;
setInterval(() => socket.write(`${(last += 1)}\n`), intervalMs);
socket.pipe(process.stdout);
socket.on('error', () => undefined);
socket.on('close', () => process.exit());
