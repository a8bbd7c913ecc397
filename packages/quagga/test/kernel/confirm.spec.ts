import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApplyOptions, applyConfiguration } from '../../src/apply/apply.ts';
import { isQuaggaError } from '../../src/errors.ts';
import {
  CONTAINER,
  type Pair,
  type Wish,
  closeSharedPairs,
  configOf,
  frrConf,
  lossDuring,
  openPair,
  sharedPair,
} from '../support/pair.ts';

const ALL = process.env.ROUTED_ATTACK === 'all';
/** A route of the other router that the first one knows. */
const THERE = '10.112.201.1';

/** Asked for again and again: the route may be there before a program that reports routes has started. */
async function learnFromOther({ own, other }: Pair, protocol: string): Promise<void> {
  await other.ip('route', 'add', `${THERE}/32`, 'dev', 'containers', 'proto', '200');
  const end = performance.now() + 40_000;
  while (!(await own.ip('route', 'show', THERE)).includes(`proto ${protocol}`)) {
    if (performance.now() > end) throw new Error(`no route to ${THERE} of ${protocol} within 40 s`);
    await sleep(50);
  }
}

async function tryTo(pair: Pair, wish: Wish, more: Partial<ApplyOptions> = {}): Promise<unknown> {
  const options = { ...pair.own, allow: 'flaps' as const, acceptUnknown: true, confirmWithinMs: 8_000, ...more };
  return await applyConfiguration(pair.config(wish), options).then(
    () => 'applied',
    (error: unknown) => error,
  );
}

/** The neighbor has our announcements when apply returns, and calculates its routes a moment later. */
async function lossSoonAfter(pair: Pair): Promise<number> {
  await sleep(1_000);
  return (await lossDuring(pair, () => sleep(500))).lost;
}

const configs = async ({ own }: Pair): Promise<string> =>
  (await own.command('ospfd', 'show running-config')).text + (await own.command('bgpd', 'show running-config')).text;

after(closeSharedPairs);

describe('apply confirms a change or reverts it', function () {
  this.timeout(120_000);

  describe('with OSPF', () => {
    let pair: Pair;
    before(async () => {
      pair = await sharedPair('OSPF');
      await learnFromOther(pair, 'ospf');
    });

    const eth1 = (ospf: Wish): Wish => ({ interfaces: { eth1: { ospf } } });
    const breaks: [what: string, wish: Wish][] = [
      ['another hello interval', eth1({ helloIntervalSec: 2, deadIntervalSec: 4 })],
      [
        'a key that the neighbor does not have',
        eth1({ authentication: { type: 'message-digest', keys: [{ id: 1, key: 'wrong' }] } }),
      ],
      ['another area', eth1({ area: '0.0.0.7' })],
    ];
    for (const [what, wish] of ALL ? breaks : breaks.slice(0, 1))
      it(`reverts ${what}, names the neighbor, and the traffic is back`, async () => {
        const before = await configs(pair);

        const { result, lost, sent } = await lossDuring(pair, () => tryTo(pair, wish));
        const lostAfter = await lossSoonAfter(pair);
        console.log(`        ${what}: ${lost} of ${sent} packets lost`);

        expect(isQuaggaError(result, 'APPLY_FAILED'), String(result)).to.equal(true);
        expect(String(result)).to.match(/rolled back: not back within 8 s:\n- OSPF neighbor 10\.0\.0\.2 on eth1$/);
        expect(await configs(pair)).to.equal(before);
        expect(lost).to.be.greaterThan(0);
        expect(lostAfter).to.equal(0);
        expect(await pair.own.ip('route', 'show', THERE)).to.include('proto ospf');
      });
  });

  describe('with BGP', () => {
    let pair: Pair;
    before(async () => {
      pair = await sharedPair('BGP');
      await learnFromOther(pair, 'bgp');
    });

    it('reverts a wrong AS of the neighbor, names the session, and the traffic is back', async () => {
      const wish = { bgp: { asn: 65001, peerGroups: { FABRIC: { remoteAs: 65099 } } } };
      const before = await configs(pair);

      const { result, lost, sent } = await lossDuring(pair, () => tryTo(pair, wish));
      const lostAfter = await lossSoonAfter(pair);
      console.log(`        ${lost} of ${sent} packets lost`);

      expect(String(result)).to.match(/rolled back: not back within 8 s:\n- BGP session with eth1 \(ipv4\)$/);
      expect(await configs(pair)).to.equal(before);
      expect(lost).to.be.greaterThan(0);
      expect(lostAfter).to.equal(0);
      expect(await pair.own.ip('route', 'show', THERE)).to.include('proto bgp');
    });

    it('keeps a change whose session comes back', async () => {
      const wish = { bgp: { asn: 65001, peerGroups: { FABRIC: { passive: true } } } };

      const { result, lost, sent } = await lossDuring(pair, () => tryTo(pair, wish, { confirmWithinMs: 60_000 }));
      console.log(`        ${lost} of ${sent} packets lost`);

      expect(String(result)).to.equal('applied');
      expect(await configs(pair)).to.include('neighbor FABRIC passive');
      expect(await pair.own.ip('route', 'show', THERE)).to.include('proto bgp');
      expect(await pair.other.ip('route', 'show', CONTAINER)).to.include('proto bgp');
    });

    if (ALL)
      it('gives up the last neighbor only when nobody is to confirm it', async () => {
        const wish = { bgp: { asn: 65001, peerGroups: { FABRIC: { shutdown: true } } } };

        const refused = await tryTo(pair, wish);
        const kept = await tryTo(pair, wish, { confirm: 'none' });
        await applyConfiguration(pair.config(), { ...pair.own, allow: 'flaps', acceptUnknown: true });

        expect(String(refused)).to.include(`not back within 8 s:\n- 1 route known from AS 65002: ${THERE}/32`);
        expect(kept).to.equal('applied');
      });
  });

  describe('with another protocol', () => {
    const speaksBgp = (host: number): Wish => ({
      preset: 'bgp-unnumbered',
      routerId: `10.0.0.${host}`,
      bgp: { asn: 65000 + host },
    });

    it('keeps the change when the new protocol has the routes, though the daemon of the old one is gone', async () => {
      await using pair = await openPair((host) => ({ preset: 'lan', routerId: `10.0.0.${host}` }));
      const { own, other } = pair;
      await learnFromOther(pair, 'ospf');
      // The other router speaks both, as a fabric does during such a change.
      expect(await other.load(frrConf(configOf(speaksBgp(2))))).to.match(/^\s*$/);
      await own.signal('bgpd', 'TERM');
      const restartCommand = await own.commandToRestart(['zebra', 'staticd', 'bgpd', 'bfdd']);

      await applyConfiguration(configOf(speaksBgp(1)), {
        ...own,
        allow: 'restart',
        acceptUnknown: true,
        restartCommand,
      });

      expect(await own.ip('route', 'show', THERE)).to.include('proto bgp');
      expect((await lossDuring(pair, () => sleep(500))).lost).to.equal(0);
    });
  });
});
