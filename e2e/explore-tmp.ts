import { openCluster } from '@routed/lab';
import { openVty } from '@routed/quagga';
import { writeFileSync } from 'node:fs';
const release = process.argv[2] as '8.4' | '10';
const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms));
const cluster = await openCluster({ protocol: 'ospf', engine: 'none', router: release });
try {
  const hosts = cluster.hosts;
  for (const { host } of hosts) await host.exec(['sh', '-ec', 'ip link add vx type veth peer name vy; ip link set vx up; ip link set vy up']);
  await sleep(500);
  for (const { host } of hosts) await host.exec(['sh', '-ec', 'ip route add 10.1.0.50/32 dev vx scope link proto 200']);
  // 5000 more on h3
  const lines = Array.from({ length: 5000 }, (_, i) => `route add 10.1.${128 + Math.floor(i / 250)}.${1 + (i % 250)}/32 dev vx scope link proto 200`).join('\n');
  await hosts[2]!.host.exec(['ip', '-batch', '-'], { input: lines + '\n' });
  await sleep(4000);
  const dir = hosts[1]!.host.outsidePath('/run/frr');
  const z = await openVty(`${dir}/zebra.vty`);
  const o = await openVty(`${dir}/ospfd.vty`);
  const time = async (c: typeof z, cmd: string, n = 50) => {
    const t = performance.now(); let r; for (let i = 0; i < n; i++) r = await c.command(cmd);
    console.log(cmd, ((performance.now() - t) / n).toFixed(2), 'ms', r!.status, r!.text.length);
    return r!.text;
  };
  const tree = await time(z, 'show ip route 10.1.0.50/32 json'); console.log(tree);
  await time(z, 'show ip route 10.1.0.99/32 json');
  console.log(await time(o, 'show ip ospf database external 10.1.0.50 json'));
  console.log(await time(o, 'show ip ospf border-routers json', 5));
  console.log((await time(o, 'show ip ospf border-routers', 5)));
  console.log((await time(o, 'show ip ospf route json', 5)).slice(0, 1500));
  console.log((await time(o, 'show ip ospf route 10.1.0.50/32 json', 5)).slice(0, 1500));
  console.log((await time(o, 'show ip ospf reachable-routers', 5)).slice(0, 1500));
  // parallel: 200 questions
  // kill h3
  await cluster.lab.cut(hosts[2]!.host);
  await sleep(8000);
  console.log('after cut h3');
  console.log(await time(z, 'show ip route 10.1.0.50/32 json', 1));
  console.log(await time(o, 'show ip ospf database external 10.1.0.50 json', 1));
  console.log(await time(o, 'show ip ospf border-routers json', 1));
} finally { await cluster.close(); }
