import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyConfiguration } from '../../src/apply/apply.ts';
import { isQuaggaError } from '../../src/errors.ts';
import type { Effect } from '../../src/plan/effects.ts';
import { cli } from '../support/environment.ts';
import { type Pair, type Wish, frrConf, closeSharedPairs, sharedPair } from '../support/pair.ts';

/** Point-to-multipoint also announces the link addresses of the routers themselves. */
const OWN_LINK_ADDRESSES = ['10.0.0.1', '10.0.0.2'];
const GOES = /^Deleted 10\.112\.200\.1 /;

/** Adds a route and waits for it: everything that happened before has reached the other router by then. */
async function settle({ own, watch }: Pair, address: string): Promise<void> {
  await own.ip('route', 'add', `${address}/32`, 'dev', 'containers', 'proto', '200');
  await watch.until(new RegExp(`^${address.replaceAll('.', '\\.')} `), 5000);
}

after(closeSharedPairs);

describe('real routers', function () {
  describe('with preset lan', () => {
    let pair: Pair;

    before(async () => {
      pair = await sharedPair('OSPF');
    });

    it('a route that is withdrawn at once is gone from the neighbor within a second', async () => {
      const { own, watch } = pair;
      const from = watch.lines.length;
      await own.ip('route', 'add', '10.112.200.2/32', 'dev', 'containers', 'proto', '200');
      await watch.until(/^10\.112\.200\.2 /, 2000, from);

      const withdrawn = performance.now();
      await own.ip('route', 'delete', '10.112.200.2/32', 'dev', 'containers', 'proto', '200');

      expect((await watch.until(/^Deleted 10\.112\.200\.2 /, 2000, from)) - withdrawn).to.be.lessThan(1000);
    });

    it('nothing outside the container prefixes is announced', async () => {
      await pair.own.ip('route', 'add', '172.30.0.0/24', 'dev', 'containers', 'proto', '200');
      await pair.own.ip('route', 'add', '10.112.64.0/24', 'dev', 'containers', 'proto', '200');
      await pair.own.ip('route', 'add', 'default', 'dev', 'containers');
      await settle(pair, '10.112.200.3');

      const learnt = (await pair.other.ip('-o', 'route', 'show', 'proto', 'ospf'))
        .split('\n')
        .map((line) => line.split(' ')[0]);

      const announced = learnt.filter((dst) => dst !== '' && !OWN_LINK_ADDRESSES.includes(dst ?? ''));
      expect(announced).to.have.members(['10.112.200.1', '10.112.200.3']);
    });

    const changes: [what: string, wish: Wish, effect?: Effect][] = [
      ['wider container prefixes', { containers: ['10.0.0.0/8'] }],
      ['prefixes in another order and number', { containers: ['10.64.0.0/16', '10.112.0.0/16', '10.120.0.0/16'] }],
      ['a metric and a tag', { export: { metric: 77, metricType: 1, tag: 7 } }],
      ['no filter at all', { export: { unfiltered: true } }],
      // The routes that an earlier test put outside the container prefixes go.
      ['the filter back', {}, 'flaps'],
    ];
    for (const [index, [what, wish, expected = 'hitless']] of changes.entries())
      it(`applying ${what} deletes no container route anywhere`, async () => {
        const { own, watch, config } = pair;
        const from = watch.lines.length;

        const { effect } = await applyConfiguration(config(wish), { ...own, allow: expected });
        await settle(pair, `10.112.201.${index + 1}`);

        expect(effect).to.equal(expected);
        expect(watch.lines.slice(from).filter(({ text }) => GOES.test(text))).to.deep.equal([]);
        expect(await readFile(join(own.configDir, 'frr.conf'), 'utf8')).to.equal(frrConf(config(wish)));
        expect((await stat(join(own.configDir, 'frr.conf'))).mode & 0o777).to.equal(0o640);
      });

    it('a configuration that a daemon refuses changes nothing', async () => {
      const { own, config } = pair;
      const good = config();
      const broken = {
        ...good,
        files: good.files.map((file) => ({
          ...file,
          text: file.text.replace('router ospf\n', 'router ospf\n redistribute nonsense\n'),
        })),
      };
      const before = (await own.command('ospfd', 'show running-config')).text;

      const error = await applyConfiguration(broken, own).catch((reason: unknown) => reason);

      expect(isQuaggaError(error, 'CHECKER_REFUSED'), String(error)).to.equal(true);
      expect((await own.command('ospfd', 'show running-config')).text).to.equal(before);
    });

    it('a change that fails on the way is rolled back, with no route lost', async () => {
      const { own, watch, config } = pair;
      const from = watch.lines.length;
      const before = (await own.command('ospfd', 'show running-config')).text;

      const obstacle = join(own.configDir, 'frr.conf.before-quagga-config');
      await rm(obstacle, { force: true });
      await mkdir(obstacle);

      const error = await applyConfiguration(config({ containers: ['10.0.0.0/8'] }), own).catch(
        (reason: unknown) => reason,
      );
      await settle(pair, '10.112.202.1');
      await rm(obstacle, { recursive: true });

      expect(String(error)).to.include('rolled back: ');
      expect((await own.command('ospfd', 'show running-config')).text).to.equal(before);
      expect(watch.lines.slice(from).filter(({ text }) => GOES.test(text))).to.deep.equal([]);
    });

    it('a change that would lose neighbors is refused until it is allowed', async () => {
      const { own, config } = pair;
      const wish = { interfaces: { eth1: { ospf: { helloIntervalSec: 2, deadIntervalSec: 8 } } } };

      const error = await applyConfiguration(config(wish), own).catch((reason: unknown) => reason);

      expect(String(error)).to.include('allow flaps').and.to.include('ip ospf hello-interval 2');
      expect((await own.command('ospfd', 'show running-config')).text).to.include('hello-interval 1');
    });

    it('a restart that fails puts the old files back', async () => {
      const { own, config } = pair;
      const before = await readFile(join(own.configDir, 'frr.conf'), 'utf8');
      const options = {
        ...own,
        allow: 'restart' as const,
        restartCommand: `grep -q 10.0.0.1 ${own.configDir}/frr.conf`,
        restartDeadlineMs: 100,
      };

      const error = await applyConfiguration(config({ routerId: '10.0.0.99' }), options).catch(
        (reason: unknown) => reason,
      );

      expect(String(error)).to.include('rolled back: the restart command failed with status 1');
      expect(await readFile(join(own.configDir, 'frr.conf'), 'utf8')).to.equal(before);
    });

    it('the command line plans, applies and then finds nothing to do', async () => {
      const target = [
        '--dialect',
        'frr',
        '--preset',
        'lan',
        '--router-id',
        '10.0.0.1',
        '--interface',
        'eth1',
        '--container',
        '10.112.0.0/12',
        '--container',
        '10.200.0.0/16',
        '--vty-dir',
        pair.own.vtyDir,
        '--config-dir',
        pair.own.configDir,
      ];

      const differs = await cli(['diff', ...target]);
      const plan = await cli(['plan', ...target]);
      const applied = await cli(['apply', ...target]);
      const again = await cli(['plan', ...target]);
      const same = await cli(['diff', ...target]);

      expect([differs.code, plan.code, applied.code, again.code, same.code], plan.err + applied.err).to.deep.equal([
        4, 4, 0, 0, 0,
      ]);
      expect(plan.out).to.match(
        /^hitless {2}(zebra|mgmtd): \+ ip prefix-list CONTAINERS seq 10 permit 10\.200\.0\.0\/16 ge 32\n/,
      );
      expect(again.out).to.equal('nothing to do\n');

      const file = join(pair.own.configDir, 'frr.conf');
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace('redistribute kernel route-map EXPORT', 'redistribute kernel'));
      const drift = await cli(['plan', ...target]);
      const mended = await cli(['apply', ...target]);

      expect([drift.code, mended.code], drift.err + mended.err).to.deep.equal([4, 0]);
      expect(drift.out).to.include('the next start would load them\n router ospf\n+ redistribute kernel\n');
      expect(await readFile(file, 'utf8')).to.equal(text);
    });
  });

  describe('with preset bgp-unnumbered', () => {
    let pair: Pair;

    before(async () => {
      pair = await sharedPair('BGP');
    });

    it('neither the default route nor anything outside the container prefixes is announced', async () => {
      await pair.own.ip('route', 'add', 'default', 'dev', 'containers');
      await pair.own.ip('route', 'add', '172.30.0.0/24', 'dev', 'containers', 'proto', '200');
      await settle(pair, '10.112.200.3');

      const learnt = (await pair.other.ip('-o', 'route', 'show', 'proto', 'bgp'))
        .split('\n')
        .map((line) => line.split(' ')[0]);

      expect(learnt.filter((dst) => dst !== '')).to.have.members(['10.112.200.1', '10.112.200.3']);
    });

    it('a route map of one’s own that permits everything lets out nothing more', async () => {
      const all = { entries: [{ action: 'permit' }] };
      const ipv4 = { routeMapIn: 'ALL', routeMapOut: 'ALL' };
      const wish = {
        bgp: { asn: 65001, peerGroups: { FABRIC: { ipv4 } } },
        routeMaps: { ALL: { family: 'ipv4', ...all } },
      };

      await applyConfiguration(pair.config(wish), { ...pair.own, allow: 'flaps' });
      await settle(pair, '10.112.200.4');
      const announced = (await pair.own.command('bgpd', 'show bgp ipv4 unicast neighbors eth1 advertised-routes json'))
        .text;
      const learnt = (await pair.other.ip('-o', 'route', 'show', 'proto', 'bgp'))
        .split('\n')
        .flatMap((line) => line.split(' ')[0] ?? []);

      expect(learnt.filter((dst) => !dst.startsWith('10.112.200.') && dst !== '')).to.deep.equal([]);
      expect(Object.keys((JSON.parse(announced) as { advertisedRoutes: object }).advertisedRoutes)).to.satisfy(
        (prefixes: string[]) =>
          prefixes.length >= 3 && prefixes.every((prefix) => /^10\.112\.200\.\d+\/32$/.test(prefix)),
      );
    });

    it('applying another export policy deletes no container route anywhere', async () => {
      const { own, watch, config } = pair;
      const from = watch.lines.length;

      await applyConfiguration(
        config({ containers: ['10.64.0.0/16', '10.112.0.0/16'], export: { metric: 5, tag: 7 } }),
        own,
      );
      await settle(pair, '10.112.201.1');

      expect(watch.lines.slice(from).filter(({ text }) => GOES.test(text))).to.deep.equal([]);
    });
  });
});
