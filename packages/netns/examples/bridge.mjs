// Makes a bridge with two ports that do not talk to each other, as "ip link" and "bridge link" do.
// Run it as root in a temporary namespace: unshare -n node bridge.mjs
import { openRtnl } from '@routed/netns';

const rtnl = await openRtnl();
const { links, addresses } = rtnl;

// ip link add br0 type bridge ageing_time 6000 stp_state 0; add vlanFiltering: true for one that knows VLANs
const { index: masterIndex } = await links.create({ kind: 'bridge', name: 'br0', ageingTimeMs: 60_000, isUp: true });
await addresses.add({ linkIndex: masterIndex, address: '192.0.2.1/24' });

for (const name of ['veth0', 'veth1']) {
  const { index, peerIndex } = await links.createVeth({ name, isUp: true, peer: { name: `${name}p` } });
  await links.set({ index: peerIndex }, { isUp: true });
  // ip link set veth0 master br0; bridge link set dev veth0 isolated on learning off
  await links.set({ index }, { masterIndex });
  await links.configurePort({ index }, { kind: 'bridge', isolated: true, learning: false });
}
// ip link set br0 type bridge forward_delay 400
await links.configure({ index: masterIndex }, { kind: 'bridge', forwardDelayMs: 4_000 });

const { settings } = await links.inspect({ name: 'br0' });
console.log(JSON.stringify({ ageingTimeMs: settings.ageingTimeMs, forwardDelayMs: settings.forwardDelayMs }));
for (const { name, index } of await links.list({ masterIndex })) {
  const { port } = await links.inspect({ index });
  console.log(JSON.stringify({ name, isolated: port.isolated, learning: port.learning }));
}
await rtnl.close();
