// Spreads traffic over two gateways (ECMP), looks a route up, and replaces it without a gap, as "ip route" does.
// Run it as root in a temporary namespace: unshare -n node routes.mjs
import { openRtnl } from '@routed/netns';

/** Routes say who made them; 200 is free for local use. Names are in /etc/iproute2/rt_protos. */
const PROTOCOL = 200;

const rtnl = await openRtnl();
const { links, addresses, routes } = rtnl;

const { index, peerIndex } = await links.createVeth({ name: 'veth0', isUp: true, peer: { name: 'veth1' } });
await links.set({ index: peerIndex }, { isUp: true });
await addresses.add({ linkIndex: index, address: '192.0.2.1/24' });

// ip route add 10.9.0.0/16 mtu 1400 proto 200 nexthop via 192.0.2.2 weight 3 nexthop via 192.0.2.3
const destination = '10.9.0.0/16';
await routes.add({
  destination,
  mtuBytes: 1400,
  protocol: PROTOCOL,
  nextHops: [{ gateway: '192.0.2.2', weight: 3 }, { gateway: '192.0.2.3' }],
});
const [spread] = await routes.list({ protocol: PROTOCOL });
console.log(JSON.stringify(spread.nextHops.map(({ gateway, weight }) => ({ gateway, weight }))));

// ip route replace 10.9.0.0/16 via 192.0.2.4 proto 200: one message, so that no packet finds no route
await routes.replace({ destination, gateway: '192.0.2.4', protocol: PROTOCOL });
// ip route add blackhole 10.0.0.0/8 proto 200
await routes.add({ destination: '10.0.0.0/8', type: 'blackhole', protocol: PROTOCOL });

// ip route get fibmatch 10.9.1.1
const { destination: matched, gateway } = await routes.get('10.9.1.1', { exact: true });
console.log(JSON.stringify({ matched, gateway }));

for (const route of await routes.list({ protocol: PROTOCOL, table: 254 })) {
  console.log(JSON.stringify({ destination: route.destination, type: route.type }));
}
await rtnl.close();
