import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { planConfiguration } from '../../src/apply/apply.ts';
import { VtyLines } from '../../src/show/router-lines.ts';
import { RouterView } from '../../src/show/router-view.ts';
import { type CliResult, startCli, startWhy } from '../support/cli-process.ts';
import { CONTAINER, type Pair, closeSharedPairs, sharedPair } from '../support/pair.ts';

const ALL = process.env.ROUTED_ATTACK === 'all';
/** One time-out of 10 s, and what else a command does on a busy machine. */
const BOUND_MS = 40_000;
/** The same with the plugin's time-out of 3 s for each daemon. */
const WHY_BOUND_MS = 20_000;

after(closeSharedPairs);

describe('a daemon that hangs', function () {
  this.timeout(200_000);
  let pair: Pair;
  let file: string;

  before(async () => {
    pair = await sharedPair('OSPF');
    file = join(pair.own.vtyDir, 'router.yaml');
    const document = { dialect: 'frr', preset: 'lan', routerId: '10.0.0.1', interfaces: { eth1: {} } };
    await writeFile(file, JSON.stringify({ ...document, containers: ['10.0.0.0/8'] }));
  });

  const quaggaConfig = (command: string): Promise<CliResult> => {
    const { vtyDir, configDir, namespacePid } = pair.own;
    return startCli([command, file, '--vty-dir', vtyDir, '--config-dir', configDir], { namespacePid }).ended;
  };
  /** What `work` says while the daemon is stopped, and how long it took. */
  const whileStopped = async <T>(daemon: string, work: () => Promise<T>): Promise<{ result: T; tookMs: number }> => {
    await pair.own.signal(daemon, 'STOP');
    const began = performance.now();
    try {
      const result = await work();
      return { result, tookMs: performance.now() - began };
    } finally {
      await pair.own.signal(daemon, 'CONT');
    }
  };

  for (const daemon of ALL ? ['zebra', 'ospfd', 'bgpd'] : ['ospfd'])
    it(`${daemon}: plan, diff and apply end, say so, and change nothing`, async () => {
      const before = (await pair.own.command('ospfd', 'show running-config')).text;
      const { result, tookMs } = await whileStopped(daemon, () =>
        Promise.all(['plan', 'diff', 'apply'].map(quaggaConfig)),
      );

      for (const { code, err } of result) {
        expect(code, err).to.equal(7);
        expect(err).to.match(new RegExp(`no answer within 10 s \\(.*/${daemon}\\.vty\\)`));
      }
      expect(tookMs).to.be.lessThan(BOUND_MS);
      expect((await pair.own.command('ospfd', 'show running-config')).text).to.equal(before);
    });

  for (const daemon of ['zebra', 'bgpd'])
    it(`${daemon}: what asks the daemons ends after its time-out`, async () => {
      const { result, tookMs } = await whileStopped(daemon, () =>
        planConfiguration(pair.config({ containers: ['10.0.0.0/8'] }), { ...pair.own, answerDeadlineMs: 500 }).catch(
          String,
        ),
      );

      expect(result).to.match(new RegExp(`no answer within 0.5 s \\(.*/${daemon}\\.vty\\)`));
      expect(tookMs).to.be.lessThan(5_000);
    });

  for (const daemon of ['zebra', 'ospfd', 'bgpd'])
    it(`${daemon}: "routed-plugin why" ends, and names it`, async () => {
      const { result, tookMs } = await whileStopped(daemon, () => startWhy(CONTAINER, pair.own).ended);

      expect(result.out, result.err).to.match(new RegExp(`router +BROKEN +${daemon} does not answer`));
      expect(result.code).to.equal(1);
      expect(tookMs).to.be.lessThan(WHY_BOUND_MS);
    });

  for (const daemon of ['zebra', 'ospfd', 'bgpd'])
    it(`${daemon}: what the plugin asks about an address has an end`, async () => {
      const lines = new VtyLines([pair.own.vtyDir], { deadlineMs: 500, stuckMs: 5_000 });
      try {
        const { result, tookMs } = await whileStopped(daemon, async () => {
          const view = new RouterView({ lines });
          const answers = await view.announcements(CONTAINER);
          await view.competingRoutes(CONTAINER);
          return answers;
        });

        expect(result?.daemons ?? []).not.to.include(daemon);
        expect(tookMs).to.be.lessThan(5_000);
      } finally {
        await lines.close();
      }
    });
});
