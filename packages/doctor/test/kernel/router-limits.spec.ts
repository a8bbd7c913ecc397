import { expect } from 'chai';
import { routerLimitsCheck } from '../../src/checks/router-limits.ts';
import type { Finding } from '../../src/check.ts';
import type { HostView } from '../../src/host-view.ts';
import { openPair } from '../../../quagga/test/support/pair.ts';
import type { Router } from '../../../quagga/test/support/router.ts';

const PER_HOST = 10;
/** A switch (1) towards a host (2). The switch has a limit of twice what a host may have. */
const base = (host: number) => ({
  preset: 'bgp-unnumbered',
  routerId: `10.0.0.${host}`,
  ...(host === 1 ? { fleet: { hosts: 2, containersPerHost: PER_HOST } } : {}),
  bgp: {
    asn: 65000 + host,
    ...(host === 1 ? { transit: true, peerGroups: { FABRIC: { towards: 'hosts' } } } : {}),
  },
});

function viewOf({ vtyDir }: Router): HostView {
  const daemons = [{ name: 'bgpd', isRunning: true, commandLine: [] }] as const;
  const routers = { directory: vtyDir, daemons, config: new Map(), replies: new Map() };
  // The check looks at nothing else.
  return { routers: () => Promise.resolve(routers) } as unknown as HostView;
}

async function until<T>(read: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  const end = performance.now() + 30_000;
  for (;;) {
    const value = await read();
    if (isSo(value) || performance.now() > end) return value;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const findings = (router: Router, isSo: (all: readonly Finding[]) => boolean): Promise<readonly Finding[]> =>
  until(() => routerLimitsCheck.run(viewOf(router)), isSo);

/** How many prefixes the only neighbor of a router announces. */
const received = async (router: Router): Promise<number | undefined> =>
  (await routerLimitsCheck.read(viewOf(router)))[0]?.prefixes?.[0]?.received;

describe('the prefix limits of real routers', function () {
  this.timeout(90_000);

  it('are told of before they end the session, and afterwards', async () => {
    await using pair = await openPair(base, ['zebra', 'bgpd', 'bfdd']);
    const announce = async (from: number, to: number): Promise<void> => {
      for (let index = from; index <= to; index++)
        await pair.other.ip('route', 'add', `10.112.3.${index}/32`, 'dev', 'containers', 'proto', '200');
    };

    await announce(1, 15);
    expect(
      await until(
        () => received(pair.own),
        (count) => count === 15,
      ),
    ).to.equal(15);
    expect(await routerLimitsCheck.run(viewOf(pair.own))).to.deep.equal([]);

    await announce(16, 18);
    const [near] = await findings(pair.own, (all) => all[0]?.found.includes(' 18 ') === true);
    expect(near).to.include({
      severity: 'warning',
      found: 'BGP neighbor eth1 announces 18 IPv4 prefixes of the 20 that maximum-prefix allows',
    });

    await announce(19, 22);
    const broken = (all: readonly Finding[]): boolean => all.some(({ severity }) => severity === 'broken');
    const over = 'BGP neighbor eth1 announced more prefixes than maximum-prefix allows (20): its session has ended';
    expect((await findings(pair.own, broken)).map(({ found }) => found)).to.deep.equal([over]);
  });
});
