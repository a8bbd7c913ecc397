import { openLab } from '@routed/lab';
import { markdownTable } from 'markdown-table';
import { median } from 'simple-statistics';
import { readBaseline, writeBaseline } from '../ci/baseline.ts';
import {
  grownModules,
  measureModules,
  type ModuleSizes,
  readModules,
  renderModules,
  writeModules,
} from '../ci/modules.ts';
import { pluginProgram } from '../plugin/plugin-host.ts';
import { measureRatios, ratioNames, type RatioName, type Ratios } from '../ci/measure-ratios.ts';

/** How much worse than its baseline a ratio may be. */
const tolerance = 1.3;

/** Of so many attempts the best counts, ratio by ratio: what disturbs the machine makes a ratio worse, not better. */
const attempts = 2;
/** Of so many measurements the median becomes the baseline. */
const recordings = 3;

/** What to write instead of comparing: all, or only what the program consists of. */
export interface CiOptions {
  readonly record: boolean;
  readonly recordModules: boolean;
}

/** Fails the process when a ratio has become worse than the baseline allows. */
export async function ci({ record, recordModules }: CiOptions): Promise<void> {
  const modules = await measureModules(pluginProgram());
  if (recordModules) {
    await writeModules(modules);
    return;
  }
  await using lab = await openLab();
  if (record) {
    await writeModules(modules);
    const measured: Ratios[] = [];
    while (measured.length < recordings) measured.push(await measureRatios(lab));
    await writeBaseline(medianOf(measured));
    console.log('tools/benchmark/baseline.json and modules.json are written: commit them with what they follow from');
    return;
  }
  await compareModules(modules);
  const { machine, ratios: baseline } = await readBaseline();
  let best = await measureRatios(lab);
  for (let attempt = 2; attempt <= attempts && worse(best, baseline).length > 0; attempt++) {
    console.log(
      `attempt ${attempt}, since these are worse: ${worse(best, baseline).join(', ')}\n${render(best, baseline)}`,
    );
    best = bestOf(best, await measureRatios(lab));
  }
  console.log(`${render(best, baseline)}\nbaseline: ${machine}`);
  const failed = worse(best, baseline);
  if (failed.length === 0) return;
  console.log(
    `worse than the baseline by more than ${Math.round((tolerance - 1) * 100)} %: ${failed.join(', ')}. ` +
      'Find out why (NODE_OPTIONS=--cpu-prof), or record a new baseline: tools/bench ci --record',
  );
  process.exitCode = 1;
}

/** Fails the process when a part of the program has grown. */
async function compareModules(found: ModuleSizes): Promise<void> {
  const recorded = await readModules();
  console.log(renderModules(found, recorded));
  const grown = grownModules(found, recorded);
  if (grown.length === 0) return;
  console.log(`more than 10 % larger than in tools/benchmark/modules.json, or new: ${grown.join(', ')}. Load it where it is
needed, leave it out (tools/packaging/bundle.ts), or record what the program is now: tools/bench ci --record-modules`);
  process.exitCode = 1;
}

function worse(ratios: Ratios, baseline: Ratios): RatioName[] {
  return names().filter((name) => !(ratios[name] <= baseline[name] * tolerance));
}

function medianOf(measured: readonly Ratios[]): Ratios {
  const medians = names().map((name) => [name, median(measured.map((ratios) => ratios[name]))]);
  return Object.fromEntries(medians) as Record<RatioName, number>;
}

function bestOf(one: Ratios, other: Ratios): Ratios {
  return Object.fromEntries(names().map((name) => [name, Math.min(one[name], other[name])])) as Record<
    RatioName,
    number
  >;
}

function render(ratios: Ratios, baseline: Ratios): string {
  const rows = names().map((name) => [
    name,
    ratioNames[name],
    ratios[name].toFixed(2),
    baseline[name].toFixed(2),
    (baseline[name] * tolerance).toFixed(2),
  ]);
  return markdownTable([['ratio', 'what', 'found', 'baseline', 'limit'], ...rows], {
    align: ['l', 'l', 'r', 'r', 'r'],
  });
}

function names(): RatioName[] {
  return Object.keys(ratioNames) as RatioName[];
}
