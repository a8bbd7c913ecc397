// Ends with a monitor open while links come and go. Arguments: who has the monitor and how it ends, which monitor, and
// "churn" or "quiet". In a Worker only the Worker loads the library, which has Node unload the addon with it.
import { setTimeout } from 'node:timers';
import { Worker } from 'node:worker_threads';

const [end, kind, churn] = process.argv.slice(2);
const isInWorker = end !== 'main';
const library = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href);
const netfilter = JSON.stringify(new URL('../../dist/nfnetlink.js', import.meta.url).href);

const churning = `
  const { links } = await (await import(${library})).openRtnl();
  const cycle = async (name) => {
    for (;;) {
      await links.createVeth({ name, isUp: true, peer: { name: name + 'p' } });
      await links.delete({ name });
    }
  };
  for (const name of ['a', 'b', 'c']) void cycle(name).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
`;
const opening =
  kind === 'nfnetlink'
    ? `await (await import(${netfilter})).openNfnetlinkMonitor(7)`
    : `await (await import(${library})).openMonitor({ groups: ['link', 'address', 'route', 'neighbour'] })`;
const program = `
  import { parentPort } from 'node:worker_threads';
  ${isInWorker ? `const monitor = ${opening};` : ''}
  ${churn === 'churn' ? churning : ''}
  parentPort.postMessage('ready');
  if ('${end}' === 'exit') process.exit(0);
  if ('${end}' === 'throw') throw new Error('on purpose');
  if ('${end}' === 'natural') monitor.unref();
`;

const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
worker.on('error', () => undefined);
worker.on('message', () => {
  if (end === 'terminate') void worker.terminate();
  if (end === 'process.exit') process.exit(0);
  if (end === 'main') void endOfMain();
  // The process looks on for a while after the Worker: what it left behind must not strike later.
  else worker.on('exit', () => setTimeout(() => undefined, 20));
});

async function endOfMain() {
  const module = await import(JSON.parse(kind === 'nfnetlink' ? netfilter : library));
  const monitor = await (kind === 'nfnetlink'
    ? module.openNfnetlinkMonitor(7)
    : module.openMonitor({ groups: ['link', 'address', 'route', 'neighbour'] }));
  monitor.unref();
  worker.unref();
}

process.on('exit', () => {
  // Events arrive and wait.
  const late = Date.now() + 5;
  while (Date.now() < late);
  console.log('ended');
});
