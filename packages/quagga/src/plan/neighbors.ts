import type { ConfigTree } from '../text/parse.ts';
import type { Change } from './change.ts';

const NEIGHBOR = /^neighbor (\S+) /;

/** The neighbor or peer group that a line is about. */
export function neighborOf(line: string | undefined): string | undefined {
  return line === undefined ? undefined : NEIGHBOR.exec(line)?.[1];
}

/** The neighbors and peer groups that a configuration speaks of. */
export function neighborsIn(tree: ConfigTree): ReadonlySet<string | undefined> {
  return new Set([...tree.values()].flatMap(({ lines }) => lines.map(neighborOf)));
}

/**
 * Removes a lost BGP neighbor or peer group by one command instead of line by line: after the first line that
 * defines it is gone, the daemon knows no neighbor to take the others from. Members go before their group.
 */
export function withoutLostNeighbors(changes: readonly Change[], after: ConfigTree): Change[] {
  const wanted = neighborsIn(after);
  const isLost = (change: Change): boolean => {
    const neighbor = neighborOf(change.before);
    return neighbor !== undefined && change.after === undefined && !wanted.has(neighbor);
  };
  const others = changes.filter((change) => !isLost(change));
  const defining = changes.filter(
    (change) => isLost(change) && change.path.length === 1 && definition(change.before ?? '') !== undefined,
  );
  const seen = new Set<string>();
  const removals = defining.flatMap((change) => {
    const neighbor = neighborOf(change.before) ?? '';
    if (seen.has(neighbor)) return [];
    seen.add(neighbor);
    return [{ ...change, before: definition(change.before ?? '') ?? '' }];
  });
  return [...others, ...removals.sort((a, b) => Number(isGroup(a)) - Number(isGroup(b)))];
}

function isGroup(change: Change): boolean {
  return change.before?.endsWith(' peer-group') === true;
}

/** What `no` is put before to remove the neighbor that this line defines. */
function definition(line: string): string | undefined {
  const match = /^(neighbor \S+)( interface| peer-group$| peer-group \S+| remote-as \S+)/.exec(line);
  if (match === null) return undefined;
  const [, head = '', rest = ''] = match;
  return rest === ' interface' || rest === ' peer-group' ? `${head}${rest}` : head;
}
