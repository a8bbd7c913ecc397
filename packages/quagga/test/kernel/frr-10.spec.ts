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

/** Runs test files of this folder in the root file system of FRR 10. */
async function runThere(root: string, args: readonly string[]): Promise<Report> {
  const mocha = [join(REPOSITORY, 'node_modules/.bin/mocha'), '--import=tsx', '--timeout=120000', '--reporter=json'];
  const there = ['--mount', 'sh', SCRIPT, root, REPOSITORY, await realpath(process.execPath)];
  const work = [`ROUTED_ATTACK=${ALL ? 'all' : ''}`, ...mocha, ...args];
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
      ['predictions hold', [spec('predictions')], 20],
      ['a router gets from every model to every other', [spec('transitions')], 1],
    ]
  : [
      ['golden files load and come back unchanged', [spec('golden'), '--fgrep', 'bgp-unnumbered'], 2],
      ['real routers change as planned', [spec('router'), '--fgrep', 'with preset lan'], 10],
    ];

describe('FRR 10, where mgmtd has a part of the configuration', function () {
  this.timeout(ALL ? 1_800_000 : 240_000);
  let root: string;
  before(async () => {
    const frr = await prepareFrr('10', () => undefined);
    expect(frr.version).to.match(/^1\d\./);
    root = frr.root!;
  });

  for (const [what, args, least] of SUITES)
    it(what, async () => {
      const { stats, failures } = await runThere(root, args);

      expect(failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message ?? ''}`)).to.deep.equal([]);
      expect(stats.passes).to.be.at.least(least);
    });
});
