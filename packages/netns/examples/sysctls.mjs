// Reads and writes settings below /proc/sys/net of a namespace, as "sysctl net.…" does in it.
// Run it as root in a temporary namespace: unshare -n node sysctls.mjs
import { isNetnsError, openNetns } from '@routed/netns';

const netns = await openNetns('current');
const rtnl = await netns.openRtnl();
await rtnl.links.createVeth({ name: 'eth0.100', peer: { name: 'veth1' } });

// sysctl -w net.ipv4.ip_forward=1
await netns.writeSysctl('net.ipv4.ip_forward', '1');
console.log(JSON.stringify({ ip_forward: await netns.readSysctl('net.ipv4.ip_forward') }));
// With slashes where a link's name has dots, as sysctl(8) says.
await netns.writeSysctl('net/ipv4/conf/eth0.100/rp_filter', '2');
console.log(JSON.stringify({ rp_filter: await netns.readSysctl('net/ipv4/conf/eth0.100/rp_filter') }));

try {
  await netns.readSysctl('net.ipv4.ip_forwards');
} catch (error) {
  if (!isNetnsError(error, 'NOT_FOUND')) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}

// Many settings of one link are part of a message about it, which takes no file.
await rtnl.links.set({ name: 'eth0.100' }, { ipv4Conf: { proxyArp: true, arpIgnore: 1 } });
console.log(JSON.stringify({ arp_ignore: await netns.readSysctl('net/ipv4/conf/eth0.100/arp_ignore') }));

await rtnl.close();
await netns.close();
