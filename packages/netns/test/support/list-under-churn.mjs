// Lists many links while another thread makes veth pairs come and go. Arguments: links, lists. Prints how many lists had
// all links that were there throughout, and how many were marked as interrupted or failed.
import { Worker, isMainThread } from 'node:worker_threads';
import { openRtnl } from '../../dist/index.js';

const [count, lists] = process.argv.slice(2).map(Number);
const rtnl = await openRtnl({ lanes: 1 });
if (!isMainThread) {
  for (;;) {
    const names = ['churn0', 'churn1', 'churn2', 'churn3'];
    for (const name of names) await rtnl.links.createVeth({ name, isUp: true, group: 9, peer: { name: `${name}p` } });
    for (const name of names) await rtnl.links.set({ name: `${name}p` }, { isUp: true, group: 9 });
    await rtnl.links.deleteGroup(9);
  }
}
await rtnl.batch(({ links }) =>
  Promise.all(
    Array.from({ length: count / 2 }, (_, i) => links.createVeth({ name: `a${i}`, peer: { name: `b${i}` } })),
  ),
);
const worker = new Worker(new URL(import.meta.url));
const tally = { whole: 0, interrupted: 0, failed: 0 };
for (let i = 0; i < lists; i++) {
  try {
    const rows = await rtnl.links.list();
    const names = new Set(rows.map(({ name }) => name).filter((name) => /^[ab]\d+$/.test(name)));
    if (names.size === count) tally.whole += 1;
    if (rows.isInterrupted) tally.interrupted += 1;
  } catch {
    tally.failed += 1;
  }
}
console.log(JSON.stringify(tally));
await worker.terminate();
process.exit(0);
