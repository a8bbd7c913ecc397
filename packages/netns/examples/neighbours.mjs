// Enters neighbours by hand, answers for somebody else, and shows what the tables hold, as "ip neighbour" does.
// Run it as root in a temporary namespace: unshare -n node neighbours.mjs
import { openRtnl } from '@routed/netns';

const rtnl = await openRtnl();
const { links, addresses, neighbours } = rtnl;
const { index: linkIndex, peerIndex } = await links.createVeth({ name: 'veth0', isUp: true, peer: { name: 'veth1' } });
await links.set({ index: peerIndex }, { isUp: true });
await addresses.add({ linkIndex, address: '192.0.2.1/24' });

// ip neighbour add 192.0.2.7 lladdr 02:00:00:00:00:07 dev veth0 nud permanent
await neighbours.add({ linkIndex, address: '192.0.2.7', mac: '02:00:00:00:00:07' });
// ip neighbour replace 192.0.2.7 lladdr 02:00:00:00:00:08 dev veth0 nud reachable
await neighbours.replace({ linkIndex, address: '192.0.2.7', mac: '02:00:00:00:00:08', isPermanent: false });
// ip neighbour add proxy 192.0.2.9 dev veth0: this host answers for it
await neighbours.add({ linkIndex, address: '192.0.2.9', isProxy: true });
// Asks on the wire; nobody is there to answer.
await neighbours.resolve({ linkIndex, address: '192.0.2.66' });

for (const isProxy of [false, true]) {
  for (const { address, mac, state } of await neighbours.list({ linkIndex, family: 4, isProxy })) {
    console.log(JSON.stringify({ address, mac, state, isProxy }));
  }
}
console.log(JSON.stringify({ deleted: await neighbours.delete({ linkIndex, address: '192.0.2.7' }) }));
await rtnl.close();
