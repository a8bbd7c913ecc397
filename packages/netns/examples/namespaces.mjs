// Connects two network namespaces by a veth pair, as a container engine does, without running anything in them.
// Run it as root in a temporary namespace: unshare -n node namespaces.mjs
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openNetns, openRtnl } from '@routed/netns';

// A process in a namespace of its own stands for the container. It says something once it is there.
const container = spawn('unshare', ['--net', 'sh', '-c', 'echo; exec sleep 60'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
await once(container.stdout, 'data');

// Also { path: '/run/netns/blue' } for one that "ip netns add blue" made, { pidfd }, and 'current'.
const netns = await openNetns({ pid: container.pid });
const host = await openRtnl();
const inside = await netns.openRtnl();

// ip link add veth0 type veth peer name eth0 netns PID: the other end is born there.
const { index, peerIndex } = await host.links.createVeth({
  name: 'veth0',
  isUp: true,
  peer: { name: 'eth0', mac: '02:42:0a:00:00:07', netns },
});
await host.addresses.add({ linkIndex: index, address: '10.0.0.1/24' });

// ip -n blue ...: a connection belongs to its namespace.
await inside.links.set({ name: 'lo' }, { isUp: true });
await inside.links.set({ index: peerIndex }, { isUp: true });
await inside.addresses.add({ linkIndex: peerIndex, address: '10.0.0.7/24' });
await inside.routes.add({ destination: 'default', gateway: '10.0.0.1' });

const names = async ({ links }) => (await links.list({ kind: 'veth' })).map(({ name }) => name);
console.log(JSON.stringify({ host: await names(host), inside: await names(inside) }));
const peer = await host.links.getPeer({ index });
console.log(JSON.stringify({ peer: peer.name, mac: peer.mac, hasCarrier: peer.hasCarrier }));
console.log(JSON.stringify({ gateway: (await inside.routes.get('192.0.2.1')).gateway }));

await inside.close();
await host.close();
await netns.close();
container.kill();
