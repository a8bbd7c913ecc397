// Sends marked packets another way than the others: a rule of policy routing and a table, as "ip rule" makes them.
// Run it as root in a temporary namespace: unshare -n node rules.mjs
import { openRtnl } from '@routed/netns';

const TABLE = 100;
const MARK = 0x1;

const rtnl = await openRtnl();
const { links, addresses, routes, rules } = rtnl;

const { index, peerIndex } = await links.createVeth({ name: 'veth0', isUp: true, peer: { name: 'veth1' } });
await links.set({ index: peerIndex }, { isUp: true });
await addresses.add({ linkIndex: index, address: '192.0.2.1/24' });
await routes.add({ destination: 'default', gateway: '192.0.2.2' });

// ip route add default via 192.0.2.3 table 100; ip rule add fwmark 0x1/0xff lookup 100 priority 1000
await routes.add({ destination: 'default', gateway: '192.0.2.3', table: TABLE });
await rules.add({ family: 4, priority: 1000, mark: MARK, markMask: 0xff, table: TABLE });
// ip rule add ipproto tcp dport 25 prohibit priority 1001
await rules.add({
  family: 4,
  priority: 1001,
  action: 'prohibit',
  ipProtocol: 6,
  destinationPorts: { first: 25, last: 25 },
});

for (const { priority, table, mark, action } of await rules.list({ family: 4 })) {
  if (priority === 1000 || priority === 1001) console.log(JSON.stringify({ priority, table, mark, action }));
}
// ip route get 203.0.113.1, and with mark 1
console.log(JSON.stringify({ gateway: (await routes.get('203.0.113.1')).gateway }));
console.log(JSON.stringify({ gateway: (await routes.get('203.0.113.1', { mark: MARK })).gateway, mark: MARK }));

// ip rule del priority 1000
console.log(JSON.stringify({ deleted: await rules.delete({ family: 4, priority: 1000 }) }));
await rtnl.close();
