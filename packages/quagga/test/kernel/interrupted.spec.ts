import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { applyConfiguration } from '../../src/apply/apply.ts';
import { describePending } from '../../src/apply/journal.ts';
import { revertChange } from '../../src/apply/revert.ts';
import { type CliResult, startCli } from '../support/cli-process.ts';
import { type Pair, lossDuring, closeSharedPairs, sharedPair } from '../support/pair.ts';

const ALL = process.env.ROUTED_ATTACK === 'all';

after(closeSharedPairs);

describe('an apply that is interrupted, or waits to be confirmed', function () {
  this.timeout(ALL ? 1_200_000 : 240_000);
  let pair: Pair;
  /** The documents of the command line: what runs, and what is wanted. */
  let files: { readonly old: string; readonly next: string; readonly broken: string };

  before(async () => {
    pair = await sharedPair('OSPF');
    const write = async (name: string, more: Record<string, unknown>): Promise<string> => {
      const path = join(pair.own.vtyDir, `${name}.yaml`);
      const base = { dialect: 'frr', preset: 'lan', routerId: '10.0.0.1', interfaces: { eth1: {} } };
      const document = { ...base, containers: ['10.112.0.0/12'], ...more };
      await writeFile(path, JSON.stringify(document));
      return path;
    };
    files = {
      old: await write('old', {}),
      next: await write('next', { containers: ['10.112.192.0/18', '10.120.0.0/16'], export: { metric: 7 } }),
      broken: await write('broken', { interfaces: { eth1: { ospf: { helloIntervalSec: 2, deadIntervalSec: 4 } } } }),
    };
  });

  const start = (args: readonly string[], dieAt?: number): ReturnType<typeof startCli> =>
    startCli([...args, '--vty-dir', pair.own.vtyDir, '--config-dir', pair.own.configDir], {
      namespacePid: pair.own.namespacePid,
      ...(dieAt === undefined ? {} : { dieAt }),
    });
  const quaggaConfig = (...args: readonly string[]): Promise<CliResult> => start(args).ended;
  const running = async (): Promise<string> =>
    (await pair.own.command('ospfd', 'show running-config')).text +
    (await pair.own.command('zebra', 'show running-config')).text;
  const inFile = (): Promise<string> => readFile(join(pair.own.configDir, 'frr.conf'), 'utf8');
  const isPending = (): Promise<boolean> =>
    access(join(pair.own.configDir, '.quagga-config.pending')).then(
      () => true,
      () => false,
    );
  const settled = async (): Promise<void> => {
    for (let tries = 0; tries < 300 && (await isPending()); tries++) await sleep(100);
  };

  it('is undone or completed by the next command, whichever step killed it, and no route goes', async () => {
    const [before, file] = [await running(), await inFile()];
    // The last step is that the record goes, which happens after everything else.
    const { err } = await start(['apply', files.next], 9999).ended;
    const wanted = { running: await running(), file: await inFile() };
    const steps = Number(/steps: (\d+)/.exec(err)?.[1]);
    await applyConfiguration(pair.config(), pair.own);
    expect(steps, err).to.be.greaterThan(15);

    // Odd, so that both ways to go on are tried.
    const stride = ALL ? 1 : 2 * Math.floor(steps / 10) + 1;
    const from = pair.watch.lines.length;
    for (let step = 1; step <= steps; step += stride) {
      const killed = await start(['apply', files.next], step).ended;
      expect(killed.code, `step ${step}: ${killed.err}`).to.equal(null);
      const isNoted = step > 1;
      expect([await isPending(), (await describePending(pair.own.configDir)) !== undefined]).to.deep.equal([
        isNoted,
        isNoted,
      ]);
      if (step % 2 === 0) {
        await applyConfiguration(pair.config(), pair.own);
      } else {
        expect(await revertChange(pair.own), `step ${step}`).to.equal(isNoted);
      }
      expect({ running: await running(), file: await inFile() }, `step ${step}`).to.deep.equal({
        running: before,
        file,
      });
      expect(await isPending()).to.equal(false);
    }
    await start(['apply', files.next], steps).ended;
    await quaggaConfig('apply', files.next);

    expect({ running: await running(), file: await inFile() }).to.deep.equal(wanted);
    const events = pair.watch.lines.slice(from).map(({ text }) => text);
    expect(
      events.filter((text) => text.startsWith('Deleted 10.112.')),
      events.join('\n'),
    ).to.deep.equal([]);
    await applyConfiguration(pair.config(), pair.own);
  });

  it('keeps a second apply out, and is undone by its guard when it is killed', async () => {
    const before = await running();
    const apply = start(['apply', '--allow', 'flaps', files.broken]);
    await untilRunning(/hello-interval 2/);
    const second = await quaggaConfig('apply', files.old);

    expect(second.code, second.err).to.equal(5);
    expect(second.err).to.include('nothing was changed').and.to.include('another apply is running');
    expect(await isPending()).to.equal(true);

    const { lost, sent } = await lossDuring(pair, async () => {
      apply.child.kill('SIGKILL');
      await apply.ended;
      await settled();
    });
    console.log(`        ${lost} of ${sent} packets lost until the guard had undone it`);

    expect(await isPending()).to.equal(false);
    expect(await running()).to.equal(before);
  });

  it('stays after "confirm", in the router and in the file', async () => {
    const applied = await quaggaConfig('apply', '--confirm', 'manual', '--confirm-within', '1m', files.next);
    const [fileMeanwhile, plan] = [await inFile(), await quaggaConfig('plan', files.next)];
    const refused = await quaggaConfig('apply', files.old);
    const confirmed = await quaggaConfig('confirm');
    const again = await quaggaConfig('confirm');

    expect([applied.code, plan.code, refused.code, confirmed.code, again.code], applied.err).to.deep.equal([
      0, 4, 5, 0, 5,
    ]);
    expect(applied.out).to.match(/a change waits for confirmation until .*; "quagga-config confirm" keeps it/);
    expect(plan.out).to.include('a change waits for confirmation until');
    expect(refused.err).to.include('nothing was changed: a change waits for confirmation until');
    expect(again.err).to.include('no change waits for confirmation');
    expect(fileMeanwhile).not.to.include('10.120.0.0/16');
    expect(await inFile()).to.include('10.120.0.0/16');
    expect((await quaggaConfig('plan', files.next)).out).to.equal('nothing to do\n');
  });

  it('goes when nobody confirms it in time, and at once by "revert", also of a drain', async () => {
    const [before, file] = [await running(), await inFile()];
    const began = performance.now();
    const { code, err } = await quaggaConfig('apply', '--confirm', 'manual', '--confirm-within', '5s', files.old);
    const meanwhile = await running();
    await settled();
    const tookMs = performance.now() - began;

    expect(code, err).to.equal(0);
    expect(meanwhile).not.to.equal(before);
    expect({ running: await running(), file: await inFile() }).to.deep.equal({ running: before, file });
    expect(tookMs).to.be.greaterThan(5_000);

    const drained = await quaggaConfig('drain', '--confirm', 'manual', '--confirm-within', '10m', files.next);
    const meanwhileDrained = await running();
    const reverted = await quaggaConfig('revert');
    const nothing = await quaggaConfig('revert');

    expect(drained.code, drained.err).to.equal(0);
    expect(meanwhileDrained).not.to.equal(before);
    expect([reverted.code, reverted.out, nothing.code, nothing.out]).to.deep.equal([
      0,
      'reverted\n',
      0,
      'nothing to revert\n',
    ]);
    expect({ running: await running(), file: await inFile() }).to.deep.equal({ running: before, file });
  });

  async function untilRunning(pattern: RegExp): Promise<void> {
    for (let tries = 0; tries < 300 && !pattern.test(await running()); tries++) await sleep(50);
  }
});
