// Opens connections until the process has no descriptor left, and prints what they reject with.
import { openMonitor, openNetns, openRtnl } from '../../dist/index.js';

const rtnl = await openRtnl();
const held = [];
const fail = async (open) => {
  for (;;) {
    try {
      held.push(await open());
    } catch (error) {
      return `${error.name} ${error.code}`;
    }
  }
};
const names = [
  await fail(() => openRtnl({ lanes: 3 })),
  await fail(() => openRtnl({ lanes: 1 })),
  await fail(() => openMonitor({ groups: ['link'] })),
  await fail(() => openNetns('current')),
  await fail(() => openNetns({ path: '/proc/self/ns/net' })),
];
console.log(names.join('\n'));
await rtnl.close();
process.exit(0);
