import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { prepareFrr } from '../../../../tools/lab/src/routers.ts';

const run = promisify(execFile);
const ALL = process.env.ROUTED_ATTACK === 'all';
const REPOSITORY = join(import.meta.dirname, '../../../..');
const SCRIPT = join(import.meta.dirname, '../support/other-root.sh');

interface Report {
  readonly stats: { readonly passes: number; readonly failures: number };
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[];
}

/** Runs test files of this folder in another root file system. */
async function runThere(root: string, args: readonly string[]): Promise<Report> {
  const mocha = [join(REPOSITORY, 'node_modules/.bin/mocha'), '--import=tsx', '--timeout=120000', '--reporter=json'];
  const there = ['--mount', 'sh', SCRIPT, root, REPOSITORY, await realpath(process.execPath)];
  const { UPDATE_MATRIX = '' } = process.env;
  const work = [`ROUTED_ATTACK=${ALL ? 'all' : ''}`, `UPDATE_MATRIX=${UPDATE_MATRIX}`, ...mocha, ...args];
  const output = await run('unshare', [...there, ...work], { maxBuffer: 64 << 20 }).then(
    ({ stdout }) => stdout,
    outputOf,
  );
  return JSON.parse(output.slice(output.indexOf('{'))) as Report;
}

/** Failed tests end mocha with their number; the report is there all the same. */
function outputOf(error: unknown): string {
  const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
  if (output.includes('"stats"')) return output;
  throw error;
}

const spec = (name: string): string => join(import.meta.dirname, `${name}.spec.ts`);

/** Each with the number of its tests that there are at least. */
const SUITES: [what: string, args: string[], least: number][] = ALL
  ? [
      ['every golden file loads and comes back unchanged', [spec('golden')], 30],
      ['real routers change as planned', [spec('router')], 14],
      ['changes are confirmed or reverted', [spec('confirm')], 6],
      ['nothing waits for ever for a daemon that hangs', [spec('hung')], 11],
      ['what was interrupted is undone or completed', [spec('interrupted')], 4],
      ['predictions hold', [spec('predictions')], 12],
      ['no change that is called hitless loses a packet', [spec('matrix')], 120],
      ['raw lines come and go', [spec('raw')], 4],
      ['a drain loses no packet', [spec('drain')], 9],
      ['ways come back with their links', [spec('uplinks')], 2],
      ['neighbors are read for metrics', [spec('neighbors')], 1],
      ['communities are matched', [spec('communities')], 1],
      ['keys change at their time', [spec('key-lifetimes')], 1],
      ['hosts announce their own addresses', [spec('loopbacks')], 3],
      ['a router gets from every model to every other', [spec('transitions')], 1],
    ]
  : [
      ['golden files load and come back unchanged', [spec('golden'), '--fgrep', 'bgp-unnumbered'], 2],
      [
        'real routers change as planned, and a change that breaks a session is reverted',
        [
          spec('confirm'),
          spec('router'),
          '--grep',
          'wrong AS|preset lan (nothing outside|applying|a change that fails|the command line)',
        ],
        9,
      ],
      ['a drain loses no packet', [spec('drain'), '--grep', 'with OSPF loses no packet to what passes through'], 1],
    ];

for (const release of ['10', 'sid'] as const)
  describe(`FRR of Debian ${release === '10' ? '13' : 'sid'}, where mgmtd has a part of the configuration`, function () {
    this.timeout(ALL ? 3_600_000 : 240_000);
    let root: string;
    before(async () => {
      const frr = await prepareFrr(release, () => undefined);
      expect(frr.version).to.match(/^1\d\./);
      root = frr.root!;
    });

    // The newest release has one case here, and all of them every night.
    for (const [what, args, least] of release === 'sid' && !ALL ? SUITES.slice(0, 1) : SUITES)
      it(what, async () => {
        const { stats, failures } = await runThere(root, args);

        expect(failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message ?? ''}`)).to.deep.equal([]);
        expect(stats.passes).to.be.at.least(least);
      });
  });
