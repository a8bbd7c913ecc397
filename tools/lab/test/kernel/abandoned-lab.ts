// Opens a lab with a running container, says so, and waits to be killed.
import { openLab } from '@routed/lab';
import { marksOf } from './traces.ts';

const lab = await openLab();
const host = await lab.addHost();
await host.docker('run', '--detach', '--network', 'none', 'alpine', 'sleep', '1000');
const { namespaces, ...marks } = marksOf(lab);
console.log(JSON.stringify({ ...marks, namespaces: [...namespaces] }));
setInterval(() => undefined, 1_000);
