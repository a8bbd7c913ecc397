// Reports links, addresses and routes as they come and go, as "ip monitor" does.
// Run it as root in a temporary namespace: unshare -n node monitor.mjs
import { openMonitor, openRtnl } from '@routed/netns';

// The monitor comes first and the list second: what changes in between is reported too.
const monitor = await openMonitor({ groups: ['link', 'address', 'route'] });
const rtnl = await openRtnl();
const { links, addresses, routes } = rtnl;
const known = new Map((await links.list()).map(({ index, name }) => [index, name]));

monitor.on('link', ({ change, link: { index, name } }) => {
  // A change of a link that was there is called "new" too.
  if (change === 'new' && known.has(index)) return;
  if (change === 'new') known.set(index, name);
  console.log(JSON.stringify({ change, link: name }));
});
monitor.on('address', ({ change, address: { address, linkIndex } }) => {
  if (!address.startsWith('fe80')) console.log(JSON.stringify({ change, address, link: known.get(linkIndex) }));
});
monitor.on('route', ({ change, route: { destination, protocol } }) => {
  if (protocol === 200) console.log(JSON.stringify({ change, route: destination }));
});
monitor.on('overrun', () => console.error('events were lost: list everything again'));

const { index } = await links.createVeth({ name: 'veth0', isUp: true, peer: { name: 'veth1' } });
await addresses.add({ linkIndex: index, address: '192.0.2.1/24' });
await routes.add({ destination: '10.9.0.0/16', linkIndex: index, protocol: 200 });
await routes.delete({ destination: '10.9.0.0/16' });
await addresses.delete({ linkIndex: index, address: '192.0.2.1/24' });

// Events come a moment after the answers to the requests that caused them, in the kernel's order.
const isGone = new Promise((resolve) => {
  monitor.on('link', ({ change, link }) => {
    if (change === 'delete' && link.index === index) resolve();
  });
});
await links.delete({ index });
await isGone;
await monitor.close();
await rtnl.close();
