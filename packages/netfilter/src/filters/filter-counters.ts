import { DIRECTIONS } from '../allow-list/allow-list.ts';
import { linkOfKey } from '../codec/key.ts';
import type { Counter } from '../codec/set-elements.ts';
import { FAMILIES } from '../ruleset-damage.ts';
import type { FilterCounters, ListCounters } from './contract.ts';
import type { KernelSets } from './kernel-sets.ts';
import { LIST_SETS, SENDER_SETS } from './layout.ts';

const NOTHING: Counter = { packets: 0n, bytes: 0n };
const NONE_ASKED: ListCounters = { isListed: false, examined: NOTHING, refused: NOTHING };
const UNCOUNTED: FilterCounters = { spoofed: NOTHING, ingress: NONE_ASKED, egress: NONE_ASKED };

/** What the kernel counted, by link; none without our tables. @throws NetlinkError */
export async function readCounters(sets: Pick<KernelSets, 'elements'>): Promise<ReadonlyMap<string, FilterCounters>> {
  const counted = new Map<string, FilterCounters>();
  const count = async (
    family: 'inet' | 'arp',
    set: string,
    change: (before: FilterCounters, counter: Counter) => FilterCounters,
  ): Promise<void> => {
    for (const { key, counter = NOTHING } of await sets.elements(family, set)) {
      const link = linkOfKey(key);
      counted.set(link, change(counted.get(link) ?? UNCOUNTED, counter));
    }
  };
  for (const family of FAMILIES) {
    await count(family, SENDER_SETS.strict, (before, counter) => ({
      ...before,
      spoofed: sum(before.spoofed, counter),
    }));
  }
  for (const direction of DIRECTIONS) {
    for (const kind of ['examined', 'refused'] as const) {
      const set = LIST_SETS[direction][kind === 'examined' ? 'filtered' : 'refused'];
      await count('inet', set, (before, counter) => ({
        ...before,
        [direction]: { ...before[direction], isListed: true, [kind]: counter },
      }));
    }
  }
  return counted;
}

function sum(one: Counter, other: Counter): Counter {
  return { packets: one.packets + other.packets, bytes: one.bytes + other.bytes };
}
