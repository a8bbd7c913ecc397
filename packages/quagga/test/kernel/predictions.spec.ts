import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type ApplyOptions, applyConfiguration, planConfiguration } from '../../src/apply/apply.ts';
import type { Effect } from '../../src/plan/effects.ts';
import { isQuaggaError } from '../../src/errors.ts';
import { stopAt } from '../support/stop-at.ts';
import { CONTAINER, type Pair, type Wish, lossDuring, closeSharedPairs, sharedPair } from '../support/pair.ts';

const ALL = process.env.ROUTED_ATTACK === 'all';
const FLAPS = { allow: 'flaps' } as const;
/** What a test needs to have done, or undone, before it goes on. */
const AT_ONCE = { allow: 'flaps', confirm: 'none' } as const;

async function refusal(pair: Pair, wish: Wish, more: Partial<ApplyOptions> = {}): Promise<string> {
  const error = await applyConfiguration(pair.config(wish), { ...pair.own, ...more }).catch(
    (reason: unknown) => reason,
  );
  return String(error);
}

/** The same, of a change that comes as far as the files. */
async function refusalOfFiles(pair: Pair, more: Partial<ApplyOptions>): Promise<string> {
  const obstacle = join(pair.own.configDir, 'frr.conf.before-quagga-config');
  await rm(obstacle, { force: true });
  await mkdir(obstacle);
  const reason = await refusal(pair, {}, more);
  await rm(obstacle, { recursive: true });
  return reason;
}

const interfaceWish = (ospf: Wish, more: Wish = {}): Wish => ({ interfaces: { eth1: { ospf, ...more } } });

after(closeSharedPairs);

describe('what a plan says of a change, beside the matrix', function () {
  this.timeout(120_000);

  describe('with OSPF', () => {
    let pair: Pair;
    before(async () => {
      pair = await sharedPair('OSPF');
    });

    it('narrower container prefixes: the plan names the routes that go, and apply refuses', async () => {
      const wish = { containers: ['10.112.100.0/24'] };
      const plan = await planConfiguration(pair.config(wish), pair.own);
      const { lost, result } = await lossDuring(pair, () => refusal(pair, wish));

      expect(plan.effect).to.equal('flaps');
      expect(plan.withdrawals).to.deep.equal([
        { daemon: 'ospfd', what: 'routes announced by OSPF', prefixes: [`${CONTAINER}/32`], isUndecided: false },
      ]);
      expect(result)
        .to.include(`allow flaps to continue`)
        .and.to.include(`withdraws 1 routes announced by OSPF: ${CONTAINER}/32`);
      expect(lost).to.equal(0);
    });

    it('the same when it is allowed: the packets are lost, as predicted', async () => {
      const { lost } = await lossDuring(pair, async () => {
        await applyConfiguration(pair.config({ containers: ['10.112.100.0/24'] }), { ...pair.own, ...AT_ONCE });
        await sleep(1000);
      });
      await applyConfiguration(pair.config(), { ...pair.own, ...AT_ONCE });
      await pair.watch
        .until(/^10\.112\.200\.1 .*proto ospf/, 10_000, pair.watch.lines.length - 1)
        .catch(() => undefined);

      expect(lost).to.be.greaterThan(20);
    });

    const graver: [what: string, wish: Wish, effect: Effect, reason: RegExp][] = [
      ['the number of paths', { ospf: { maximumPaths: 4 } }, 'flaps', /installed again/],
      [
        'a summary',
        { ospf: { summaryAddresses: [{ prefix: '10.112.200.0/24' }] } },
        'flaps',
        /withdraws 1 routes announced by OSPF: 10\.112\.200\.1\/32/,
      ],
      ['an NSSA', interfaceWish({ area: '0.0.0.7' }), 'flaps', /changes this only by removing it first/],
    ];
    for (const [what, wish, effect, reason] of graver)
      it(`${what}: ${effect}, and apply refuses it`, async () => {
        const plan = await planConfiguration(pair.config(wish), pair.own);

        expect(plan.effect).to.equal(effect);
        expect(await refusal(pair, wish)).to.match(reason);
      });

    it('a summary that goes is gone when apply returns, from the router and the file, and stays away', async () => {
      const summary = { ospf: { summaryAddresses: [{ prefix: '10.112.200.0/24' }] } };
      await applyConfiguration(pair.config(summary), { ...pair.own, ...AT_ONCE });
      const failed = ALL ? await refusalOfFiles(pair, FLAPS) : 'rolled back: ';
      const kept = (await pair.own.command('ospfd', 'show running-config')).text;
      const plan = await planConfiguration(pair.config(), pair.own);
      await applyConfiguration(pair.config(), { ...pair.own, ...AT_ONCE });
      const after = (await pair.own.command('ospfd', 'show running-config')).text;

      expect(failed).to.include('rolled back: ');
      expect(kept).to.include('summary-address 10.112.200.0/24');
      expect(plan.withdrawals.map(({ prefixes }) => prefixes)).to.deep.equal([['10.112.200.0/24']]);
      expect(after).not.to.include('summary-address');
      expect(await readFile(join(pair.own.configDir, 'frr.conf'), 'utf8')).not.to.include('summary-address');
      expect(await pair.other.ip('route', 'show', CONTAINER)).to.include('proto ospf');
    });

    it('a daemon that hangs half way: said within twice the deadline, the others go back, the next apply mends', async () => {
      const answerDeadlineMs = 1000;
      const wish = { containers: ['10.112.192.0/18', '10.120.0.0/16'] };
      await using stopper = await stopAt(pair.own, 'ospfd', /CONTAINERS--NEXT$/);
      const started = performance.now();
      const error = await applyConfiguration(pair.config(wish), {
        ...pair.own,
        vtyDir: stopper.vtyDir,
        answerDeadlineMs,
      }).catch((reason: unknown) => reason);
      const tookMs = performance.now() - started;
      const zebra = (await pair.own.command('zebra', 'show running-config')).text;
      await stopper.resume();

      expect(isQuaggaError(error, 'ROLLBACK_FAILED'), String(error)).to.equal(true);
      expect(String(error)).to.include('no answer within 1 s').and.to.include('revert" once it answers');
      expect(tookMs).to.be.lessThan(20_000);
      expect(zebra).to.include('permit 10.112.0.0/12 ge 32').and.not.to.include('--NEXT');

      const { lost, sent } = await lossDuring(pair, () => applyConfiguration(pair.config(), pair.own));

      expect((await pair.own.command('ospfd', 'show running-config')).text).not.to.include('--NEXT');
      expect(lost, `of ${sent}`).to.equal(0);
    });

    it('addresses, a terminal and a static route that stand in the configuration stay, also in the file', async () => {
      const foreign = 'interface eth1\n ip address 10.0.0.1/24\nexit\nline vty\n exec-timeout 0 0\nexit\n';
      expect(await pair.own.load(foreign)).to.match(/^\s*$/);
      const file = join(pair.own.configDir, 'frr.conf');
      await writeFile(file, `${await readFile(file, 'utf8')}ip route 10.9.0.0/16 blackhole\n${foreign}`);

      const wish = { containers: ['10.0.0.0/8'] };
      const { lost, sent, result } = await lossDuring(pair, () => applyConfiguration(pair.config(wish), pair.own));

      expect({ effect: result.effect, lost }, `of ${sent}`).to.deep.equal({ effect: 'hitless', lost: 0 });
      expect(await pair.own.ip('-o', 'address', 'show', 'dev', 'eth1')).to.include('inet 10.0.0.1/24');
      expect(await readFile(file, 'utf8'))
        .to.match(/interface eth1\n( description .*\n)? ip address 10\.0\.0\.1\/24\nexit\n/)
        .and.to.include('ip route 10.9.0.0/16 blackhole\n')
        .and.to.include('line vty\n exec-timeout 0 0\nexit\n');
      expect((await planConfiguration(pair.config(wish), pair.own)).changes).to.deep.equal([]);
    });

    it('to take the address over: unknown, and refused with and without --allow flaps', async () => {
      const options = { takeOver: true, allow: 'flaps' as const };
      const { lost, result } = await lossDuring(pair, () => refusal(pair, { containers: ['10.0.0.0/8'] }, options));

      expect((await planConfiguration(pair.config(), { ...pair.own, takeOver: true })).effect).to.equal('unknown');
      expect(result)
        .to.include('accept unknown effects to continue')
        .and.to.include('- ip address 10.0.0.1/24 (unknown');
      expect(lost).to.equal(0);
      expect(await pair.own.ip('-o', 'address', 'show', 'dev', 'eth1')).to.include('inet 10.0.0.1/24');
    });
  });

  describe('with BGP', () => {
    let pair: Pair;
    before(async () => {
      pair = await sharedPair('BGP');
    });

    const bgp = (more: Wish): Wish => ({ bgp: { asn: 65001, ...more } });
    it('more routes than the guard’s limit: the session stays, with every route', async () => {
      const guard = bgp({ peerGroups: { FABRIC: { ipv4: { maximumPrefix: { limit: 20 } } } } });
      await applyConfiguration(pair.config(guard), { ...pair.own, ...FLAPS });
      const addresses = Array.from({ length: 60 }, (_, index) => `10.112.50.${index + 1}/32`);

      const { lost, sent } = await lossDuring(pair, async () => {
        for (const address of addresses)
          await pair.other.ip('route', 'add', address, 'dev', 'containers', 'proto', '200');
        await sleep(2000);
      });
      const { text } = await pair.own.command('bgpd', 'show bgp ipv4 unicast summary json');
      for (const address of addresses) await pair.other.ip('route', 'delete', address);
      const { peers } = JSON.parse(text) as { peers: Record<string, { state: string; pfxRcd: number }> };

      expect(Object.values(peers).map(({ state, pfxRcd }) => [state, pfxRcd])).to.deep.equal([['Established', 60]]);
      expect(lost, `of ${sent}`).to.equal(0);
    });

    it('an aggregate that stands for its routes: flaps, with the routes by name', async () => {
      const wish = bgp({ ipv4: { aggregateAddresses: [{ prefix: '10.112.200.0/24', summaryOnly: true }] } });
      const plan = await planConfiguration(pair.config(wish), pair.own);

      expect(plan.effect).to.equal('flaps');
      expect(plan.withdrawals.map(({ prefixes }) => prefixes)).to.deep.include([`${CONTAINER}/32`]);
    });

    it('narrower container prefixes: what is lost is lost when apply returns, not seconds later', async () => {
      const plan = await planConfiguration(pair.config({ containers: ['10.112.100.0/24'] }), pair.own);
      await applyConfiguration(pair.config({ containers: ['10.112.100.0/24'] }), { ...pair.own, ...AT_ONCE });
      const returned = await pair.other.ip('route', 'show', CONTAINER);
      await applyConfiguration(pair.config(), { ...pair.own, ...AT_ONCE });

      expect(plan.withdrawals.map(({ what, prefixes }) => `${what}: ${prefixes.join()}`)).to.deep.equal([
        `routes announced to FABRIC: ${CONTAINER}/32`,
      ]);
      expect(returned).to.equal('');
      expect(await pair.other.ip('route', 'show', CONTAINER)).to.include('proto bgp');
    });
  });
});
