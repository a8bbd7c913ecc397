// Loses handles without closing them, and says how many descriptors are open at the end that were not before. Needs --expose-gc
// and a namespace of its own. "held" keeps the handles, and says whether they still work.
import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { openNetns, openRtnl } from '../../dist/index.js';
import { openNetlink } from '../../dist/netlink.js';
import { openNfnetlink } from '../../dist/nfnetlink.js';

const count = () => readdirSync('/proc/self/fd').length;
const held = [];

async function open() {
  const netns = await openNetns('current');
  const rtnl = await netns.openRtnl();
  await rtnl.links.list();
  held.push([netns, rtnl, await openRtnl(), await openNetlink({ protocol: 'route' }), await openNfnetlink()]);
}

await open();
held.pop();
globalThis.gc();
await setTimeout(0);
const before = count();
for (let i = 0; i < 50; i++) await open();
const most = count();
if (process.argv[2] === 'held') {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await setTimeout(1);
  }
  const lists = await Promise.all(held.map(([, rtnl]) => rtnl.links.list()));
  console.log(JSON.stringify({ isSame: count() === most, lists: lists.filter(({ length }) => length === 1).length }));
} else {
  // Only what asks still holds it: it must not be closed under the question.
  const answers = held.map(([netns]) => netns.openRtnl().then(({ links }) => links.list()));
  held.length = 0;
  const answered = (await Promise.all(answers)).filter(({ length }) => length === 1).length;
  const end = Date.now() + 20_000;
  while (count() > before && Date.now() < end) {
    globalThis.gc();
    await setTimeout(1);
  }
  console.log(JSON.stringify({ opened: most - before, answered, left: Math.max(0, count() - before) }));
}
