import { openLab } from '@routed/lab';
import { markdownTable } from 'markdown-table';
import { median } from 'simple-statistics';
import { readBaseline, writeBaseline } from '../ci/baseline.ts';
import { measureRatios, ratioNames, type RatioName, type Ratios } from '../ci/measure-ratios.ts';

/** How much worse than its baseline a ratio may be. */
const tolerance = 1.3;

/** Of so many attempts the best counts, ratio by ratio: what disturbs the machine makes a ratio worse, not better. */
const attempts = 2;
/** Of so many measurements the median becomes the baseline. */
const recordings = 3;

/** Fails the process when a ratio has become worse than the baseline allows. */
export async function ci({ record }: { readonly record: boolean }): Promise<void> {
  await using lab = await openLab();
  if (record) {
    const measured: Ratios[] = [];
    while (measured.length < recordings) measured.push(await measureRatios(lab));
    await writeBaseline(medianOf(measured));
    console.log('tools/benchmark/baseline.json is written: commit it with what it follows from');
    return;
  }
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
