import { median } from 'simple-statistics';
import type { RestPoint } from './rest-point.ts';

/** What must be the same whenever no endpoint exists. */
const constant = ['links', 'routes', 'neighbours', 'freeAddresses'] as const;

/**
 * By how much the median of the last third may be more than the most before: memory and files go up and down by tens of
 * megabytes, as V8 gives pages back and LevelDB puts files of up to 4 MB together, and only what leaks goes on growing.
 */
const mostGrowth = { heapMb: 0.7, residentMb: 10, stateMb: 8, descriptors: 3 } as const;

/** What grew, one line each; none when all is well. */
export function findGrowth(points: readonly RestPoint[]): string[] {
  const [first] = points;
  if (first === undefined) return ['nothing was measured'];
  const changed = constant.flatMap((name) => {
    const different = points.find((point) => point[name] !== first[name]);
    return different === undefined ? [] : [`${name}: ${first[name]} at first, then ${different[name]}`];
  });
  const third = Math.floor(points.length / 3);
  const grown = (Object.keys(mostGrowth) as (keyof typeof mostGrowth)[]).flatMap((name) => {
    const most = Math.max(...points.slice(0, -third).map((point) => point[name]));
    const last = median(points.slice(-third).map((point) => point[name]));
    return last - most <= mostGrowth[name] ? [] : [`${name}: from ${most.toFixed(1)} to ${last.toFixed(1)}`];
  });
  return [...changed, ...grown];
}
