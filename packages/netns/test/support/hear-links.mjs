// Hears of a link that it makes, in a Worker or, with "main", on the main thread.
import { Worker, isMainThread } from 'node:worker_threads';
import { openMonitor, openRtnl } from '../../dist/index.js';

if (isMainThread && process.argv[2] === 'worker') {
  new Worker(new URL(import.meta.url), { argv: ['worker'] });
} else {
  const monitor = await openMonitor({ groups: ['link'] });
  const rtnl = await openRtnl();
  const heard = new Promise((resolve) =>
    monitor.on('link', ({ change, link }) => {
      if (link.name === 'a0') resolve(`${change} ${link.name}`);
    }),
  );
  await rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0' } });
  console.log(await heard);
  await rtnl.close();
  await monitor.close();
}
