import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { CONTAINER, type Pair, type Wish, configOf, frrConf, openPair, pingsLost } from '../support/pair.ts';
import type { Router } from '../support/router.ts';
import { openTwoRouters } from '../support/two-routers.ts';

const LOOPBACKS = { loopbacks: ['10.200.0.0/24'] };
const BASES: readonly (readonly [protocol: string, base: (host: number) => Wish])[] = [
  ['ospf', (host) => ({ ...LOOPBACKS, preset: 'lan', routerId: `10.200.0.${host}` })],
  [
    'bgp',
    (host) => ({ ...LOOPBACKS, preset: 'bgp-unnumbered', routerId: `10.200.0.${host}`, bgp: { asn: 65000 + host } }),
  ],
];
/** What a host has on its loopback beside its own address: the gateway of its containers, and some other address. */
const NOT_ANNOUNCED = ['10.112.0.1/32', '192.168.77.1/32'];

async function addLoopbacks({ own, other }: Pair): Promise<void> {
  for (const address of NOT_ANNOUNCED) await own.ip('address', 'add', address, 'dev', 'lo', 'scope', 'link');
  await other.ip('address', 'add', '10.200.0.2/32', 'dev', 'lo');
  await own.ip('address', 'add', '10.200.0.1/32', 'dev', 'lo');
}

/** True once the container answers the other host, which has no address but that on its loopback. */
async function answers(other: Router, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  while (performance.now() < end) {
    const isKnown = (await other.ip('route', 'show', CONTAINER)) !== '';
    const loss = isKnown ? await pingsLost(other, [CONTAINER], () => sleep(200)) : undefined;
    if (loss !== undefined && loss.sent > 20 && loss.lost === 0) return true;
    await sleep(100);
  }
  return false;
}

describe('the hosts’ own addresses', function () {
  this.timeout(60_000);

  for (const [protocol, base] of BASES)
    it(`are known to the neighbor by ${protocol}, and no other address on lo is`, async () => {
      await using pair = await openPair(base, ['zebra', `${protocol}d`, 'bfdd']);
      await using back = pair.own.watchRoutes();
      await addLoopbacks(pair);

      await pair.watch.until(new RegExp(`^10\\.200\\.0\\.1 .*\\bdev eth1 proto ${protocol}`), 20_000);
      await back.until(new RegExp(`^10\\.200\\.0\\.2 .*\\bdev eth1 proto ${protocol}`), 20_000);
      const learnt = (await pair.other.readKernel(['route', 'show', 'proto', protocol])) as { dst: string }[];
      // Point-to-multipoint links announce their own addresses.
      const others = learnt.map(({ dst }) => dst).filter((prefix) => !prefix.startsWith('10.0.0.'));

      expect(others.sort()).to.deep.equal([CONTAINER, '10.200.0.1']);
    });

  it('reach containers over links without addresses', async () => {
    await using routers = await openTwoRouters(['zebra', 'bgpd', 'bfdd'], async ({ own, other }) => {
      for (const [router, host] of [
        [own, 1],
        [other, 2],
      ] as const) {
        await router.ip('-4', 'address', 'flush', 'dev', 'eth1');
        await router.ip('address', 'add', `10.200.0.${host}/32`, 'dev', 'lo');
        expect(await router.load(frrConf(configOf(BASES[1]![1](host))))).to.match(/^\s*$/);
      }
      await own.ip('route', 'add', `${CONTAINER}/32`, 'dev', 'containers', 'proto', '200');
      await own.ip('route', 'add', 'local', `${CONTAINER}/32`, 'dev', 'lo');
      return { other };
    });

    expect(await answers(routers.other, 20_000), 'answers').to.equal(true);
  });
});
