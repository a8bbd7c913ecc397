import { stagesOf } from '../why/attempt.ts';
import { explain, NOBODY_HAS_IT, type Stage } from '../why/explain.ts';
import { readFacts } from '../why/read-facts.ts';

/**
 * Why an address does not answer, as `why` says it: where it breaks; or, of an address that is not of this host, where it is.
 *
 * @param attempt.from the address, or container, that has asked; undefined: not known
 */
export async function reasonsFor(
  address: string,
  attempt: { readonly adminSocket: string; readonly routerDir: string; readonly from: string | undefined },
): Promise<readonly Stage[]> {
  const { adminSocket, from } = attempt;
  const stations = explain(await readFacts(address, attempt));
  const isDaemonAway = stations.every(({ state, name }) => name !== 'lease' || state === 'unknown');
  const between =
    from === undefined || isDaemonAway ? [] : await stagesOf({ from, to: address, port: undefined, adminSocket });
  const isBroken = ({ state }: Stage): boolean => state === 'broken';
  // What comes after the first follows from it.
  const broken = [...stations.filter(isBroken).slice(0, 1), ...between.filter(isBroken)];
  if (broken.length > 0) return broken;
  // Of an address that nobody has, the lease says it; of one of another host, the route.
  return stations.filter(({ name, text }) => name === 'route' || text.startsWith(NOBODY_HAS_IT)).slice(0, 1);
}
