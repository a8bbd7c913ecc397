// Makes a pair of links, gives one an address and shows what the kernel says of it, as "ip link" and "ip address" do.
// Run it as root in a temporary namespace: unshare -n node links.mjs
import { isNetlinkError, openRtnl } from '@routed/netns';

const rtnl = await openRtnl();
const { links, addresses } = rtnl;

// ip link add veth0 mtu 1400 type veth peer name veth1; ip link set veth0 up; ip link set veth1 up
const { index, peerIndex } = await links.createVeth({
  name: 'veth0',
  mtuBytes: 1400,
  alias: 'made by links.mjs',
  isUp: true,
  peer: { name: 'veth1' },
});
await links.set({ index: peerIndex }, { isUp: true });

// ip address add 192.0.2.1/24 broadcast 192.0.2.255 dev veth0
await addresses.add({ linkIndex: index, address: '192.0.2.1/24', broadcast: '192.0.2.255' });
// An IPv6 address that goes by itself after a day.
await addresses.add({ linkIndex: index, address: '2001:db8::1/64', validSec: 86_400, skipDuplicateDetection: true });

const { name, kind, mtuBytes, alias, hasCarrier, statistics } = await links.inspect({ index });
console.log(JSON.stringify({ name, kind, mtuBytes, alias, hasCarrier, counts: typeof statistics.rxPackets }));
for (const { address, isPermanent } of await addresses.list({ linkIndex: index })) {
  if (!address.startsWith('fe80')) console.log(JSON.stringify({ address, isPermanent }));
}

// What fails says why, and has a code to branch on.
try {
  await links.createVeth({ name: 'veth0', peer: { name: 'veth2' } });
} catch (error) {
  if (!isNetlinkError(error, 'EEXIST')) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}

await rtnl.close();
