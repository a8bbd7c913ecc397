import { openCluster, measureFailover } from '@routed/lab';
import { parseDocument, render } from '@routed/quagga';
const sets: [number, number][] = (process.argv[2] ?? '100x3,50x4,50x3,70x3').split(',').map((s) => s.split('x').map(Number) as [number, number]);
for (const [ms, mult] of sets) {
  const cluster = await openCluster({ protocol: 'bgp', engine: 'none', configure: (node) => {
    const neighbors = node.links.flatMap((l) => l.neighbors).map(({ address, asn }) => ({ address, remoteAs: asn }));
    const { model } = parseDocument({ preset: 'bgp-numbered', hostname: node.name, routerId: node.routerId, containers: ['10.1.0.0/16'], bgp: { asn: node.asn, neighbors },
      bfd: { profiles: { fabric: { receiveIntervalMs: ms, transmitIntervalMs: ms, detectMultiplier: mult } } } }, 'frr');
    const { files, daemons } = render(model, 'frr'); return { files, daemons };
  } });
  const s = [...await measureFailover(cluster, { runs: Number(process.argv[3] ?? 8) })].sort((a, b) => a - b);
  console.log(ms, 'x', mult, s.map((x) => x.toFixed(0)).join(' '), 'p50', s[s.length >> 1]!.toFixed(0));
  await cluster.close();
}
