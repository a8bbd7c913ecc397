import { expect } from 'chai';
import { NeighborWatch, type WatchedNeighbor } from '../../src/show/neighbor-watch.ts';
import { VtyLines } from '../../src/show/router-lines.ts';
import { openPair } from '../support/pair.ts';

const BFD = { profiles: { fabric: { transmitIntervalMs: 300, receiveIntervalMs: 300, detectMultiplier: 5 } } };
/** OSPF and BGP beside each other, with a limit on the second host. */
const base = (host: number) => ({
  preset: 'lan',
  routerId: `10.0.0.${host}`,
  containers: ['10.112.0.0/12', 'fd00:112::/32'],
  interfaces: { eth1: { ospf: { bfd: 'fabric' }, ospf6: {} } },
  bfd: BFD,
  bgp: {
    asn: 65000 + host,
    neighbors: [
      {
        address: `10.0.0.${3 - host}`,
        remoteAs: 65003 - host,
        connectRetrySec: 1,
        ...(host === 2 ? { ipv4: { maximumPrefix: { limit: 5, restartMin: 5 } } } : {}),
      },
    ],
  },
});

describe('metrics of neighbors, from real routers', function () {
  this.timeout(90_000);

  it('tells sessions, prefixes, limits, losses and errors, and which daemon hangs', async () => {
    await using pair = await openPair(base, ['zebra', 'ospfd', 'ospf6d', 'bgpd', 'bfdd']);
    const lines = new VtyLines([pair.other.vtyDir], { deadlineMs: 1000, stuckMs: 500 });
    try {
      const watch = new NeighborWatch({ lines, freshMs: 0 });
      const find = (all: readonly WatchedNeighbor[], protocol: string): WatchedNeighbor | undefined =>
        all.find((one) => one.protocol === protocol && !one.neighbor.startsWith('fe80'));
      const until = async (what: string, isSo: (all: readonly WatchedNeighbor[]) => boolean) => {
        const end = performance.now() + 40_000;
        for (;;) {
          const { neighbors, daemons } = await watch.report();
          if (isSo(neighbors)) return { neighbors, daemons };
          if (performance.now() > end) throw new Error(`not within 40 s: ${what}: ${JSON.stringify(neighbors)}`);
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      };

      const { neighbors: up, daemons } = await until(
        'all are up',
        (all) =>
          ['bgp', 'ospf', 'ospf6', 'bfd'].every((one) => /^(Established|Full|up)/.test(find(all, one)?.state ?? '')) &&
          find(all, 'bgp')?.prefixes?.[0]?.received === 1,
      );
      expect(daemons).to.deep.equal(['bfdd', 'bgpd', 'ospf6d', 'ospfd'].map((daemon) => ({ daemon, answers: true })));
      expect(find(up, 'bgp')).to.deep.include({ neighbor: '10.0.0.1', state: 'Established' });
      expect(find(up, 'bgp')?.prefixes).to.deep.equal([
        { family: 'ipv4', received: 1, sent: 0, limit: { prefixes: 5, endsSession: true } },
      ]);
      expect(find(up, 'ospf')).to.include({ neighbor: '10.0.0.1', link: 'eth1' });
      expect(find(up, 'ospf')?.state).to.match(/^Full/);
      expect(find(up, 'ospf6')).to.include({ neighbor: '10.0.0.1', link: 'eth1', state: 'Full' });
      expect(find(up, 'bfd')).to.include({ neighbor: '10.0.0.1', link: 'eth1', flaps: 0 });
      expect(find(up, 'bfd')?.packets?.received).to.be.greaterThan(0);

      await pair.other.signal('bgpd', 'STOP');
      const begun = performance.now();
      const hung = await watch.report();
      const tookMs = performance.now() - begun;
      await pair.other.signal('bgpd', 'CONT');
      expect(tookMs).to.be.lessThan(3000);
      expect(hung.daemons).to.deep.include({ daemon: 'bgpd', answers: false });
      expect(hung.neighbors.map(({ protocol }) => protocol))
        .to.include('ospf')
        .and.not.to.include('bgp');
      await until('bgpd answers again', (all) => find(all, 'bgp')?.isUp === true);

      const dropped = find(up, 'bgp')!.flaps;
      for (let index = 2; index < 9; index++)
        await pair.own.ip('route', 'add', `10.112.200.${index}/32`, 'dev', 'containers', 'proto', '200');
      const { neighbors: over } = await until('the limit ends the session, and bgpd has cleared it', (all) =>
        /^Idle/.test(find(all, 'bgp')?.state ?? ''),
      );
      expect(find(over, 'bgp')).to.include({ state: 'Idle (PfxCt)', isOverLimit: true, upSec: 0, flaps: dropped + 1 });
      expect(find(over, 'bgp')?.lastError).to.match(/prefix/i);

      await pair.own.ip('link', 'set', 'eth1', 'down');
      const { neighbors: lost } = await until('OSPF is down', (all) => find(all, 'ospf')?.isUp === false);
      expect(find(lost, 'ospf')).to.include({ upSec: 0, flaps: 1 });
    } finally {
      await lines.close();
    }
  });
});
