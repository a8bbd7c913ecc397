import { openCluster } from '@routed/lab';
import { parseDocument, render } from '@routed/quagga';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
const sets: [number, number][] = (process.argv[2] ?? '100x3,50x4,50x3').split(',').map((s) => s.split('x').map(Number) as [number, number]);
const hogs = Number(process.argv[3] ?? 8), secs = Number(process.argv[4] ?? 30);
for (const [ms, mult] of sets) {
  const cluster = await openCluster({ protocol: 'bgp', engine: 'none', configure: (node) => {
    const neighbors = node.links.flatMap((l) => l.neighbors).map(({ address, asn }) => ({ address, remoteAs: asn }));
    const { model } = parseDocument({ preset: 'bgp-numbered', hostname: node.name, routerId: node.routerId, containers: ['10.1.0.0/16'], bgp: { asn: node.asn, neighbors },
      bfd: { profiles: { fabric: { receiveIntervalMs: ms, transmitIntervalMs: ms, detectMultiplier: mult } } } }, 'frr');
    const { files, daemons } = render(model, 'frr'); return { files, daemons };
  } });
  for (const h of cluster.hosts) { const nice = process.argv[5]; if (nice) await h.host.exec(['sh','-c', nice.replaceAll('PID', '\$(pidof bfdd)')]); }
  await sleep(3000);
  const downs = async () => (await Promise.all(cluster.hosts.map(async ({ router }) => JSON.parse(await router.vtysh('show bfd peers counters json')) as { 'session-down': number }[]))).flat().reduce((n, p) => n + p['session-down'], 0);
  const before = await downs();
  const procs = Array.from({ length: hogs }, () => spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }));
  await sleep(secs * 1000);
  procs.forEach((p) => p.kill('SIGKILL'));
  console.log(ms, 'x', mult, 'downs', (await downs()) - before, 'in', secs, 's with', hogs, 'hogs, 6 session ends');
  await cluster.close();
}
