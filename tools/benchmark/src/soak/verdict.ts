import { median } from 'simple-statistics';
import type { RestPoint } from './rest-point.ts';

/** What must be the same whenever no endpoint exists. */
const constant = ['links', 'routes', 'neighbours', 'freeAddresses'] as const;

/**
 * By how much it may be more in the last third than in the second one; the first is for warming up. LevelDB keeps a few
 * files, up to 4 MB each before it puts them together.
 */
const mostGrowth = { heapMb: 1, residentMb: 10, stateMb: 8, descriptors: 3 } as const;

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
    const middle = median(points.slice(third, -third).map((point) => point[name]));
    const last = median(points.slice(-third).map((point) => point[name]));
    return last - middle <= mostGrowth[name] ? [] : [`${name}: from ${middle.toFixed(1)} to ${last.toFixed(1)}`];
  });
  return [...changed, ...grown];
}
