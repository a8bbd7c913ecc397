import { CONNECTION_MARKS } from '@routed/netfilter';
import type { Rule, Rules, RuleSpec } from '@routed/netns';
import { PREVIOUS_TABLE } from './previous-holder.ts';
import { MAIN_TABLE, ROUTE_PROTOCOL, UNANNOUNCED_TABLE } from '../names/kernel-names.ts';

/** Before the main table (32766), after what operators commonly add. Lower is asked first. */
const PRIORITIES = { previous: 32_700, others: 32_701, here: 32_702 } as const;

const { opened, elsewhere } = CONNECTION_MARKS;

/**
 * The rules of policy routing while an address is not announced, or another host's connections to it go on. Pure.
 *
 * A packet to a container, in this order:
 * - of a connection that another host answered: as that host's way is kept, if it is;
 * - of a connection that began on this host: to the host that announces the address, if one does;
 * - any: to the container of this host, announced or not.
 *
 * They name destinations only within `prefixes`, and so cost other traffic three comparisons.
 */
export function announcementRules(prefixes: readonly string[]): RuleSpec[] {
  return prefixes.flatMap((destination) => {
    const family = destination.includes(':') ? 6 : 4;
    const ours = { family, destination, protocol: ROUTE_PROTOCOL } as const;
    return [
      { ...ours, priority: PRIORITIES.previous, mark: elsewhere, markMask: elsewhere, table: PREVIOUS_TABLE },
      // The main table without what is wider than one address: its routes to containers are host routes.
      {
        ...ours,
        priority: PRIORITIES.others,
        mark: opened,
        markMask: opened,
        table: MAIN_TABLE,
        suppressPrefixLength: family === 4 ? 31 : 127,
      },
      { ...ours, priority: PRIORITIES.here, table: UNANNOUNCED_TABLE },
    ];
  });
}

/**
 * The rules of this host's blocks: a packet to one of them reaches the container here that has the address. Pure.
 *
 * What opens from this host asks the main table first, while its prefix has {@link announcementRules}: another host may announce the
 * address by itself. The block's discard route does not end that look-up, see `BlockRoutes`.
 */
export function blockRules(blocks: readonly string[]): RuleSpec[] {
  return blocks.map((destination) => ({
    family: destination.includes(':') ? 6 : 4,
    destination,
    protocol: ROUTE_PROTOCOL,
    priority: PRIORITIES.here,
    table: UNANNOUNCED_TABLE,
  }));
}

/**
 * Makes these the rules of announcements, whatever there were: adds what is missing, then deletes the rest. Safe to repeat.
 *
 * @returns how many it added and deleted
 * @throws NetlinkError
 */
export async function applyAnnouncementRules(rules: Rules, desired: readonly RuleSpec[]): Promise<number> {
  const present = (await rules.list({ protocol: ROUTE_PROTOCOL })).filter(isOurs);
  const missing = desired.filter((spec) => !present.some((rule) => isSame(rule, spec)));
  const surplus = present.filter((rule) => !desired.some((spec) => isSame(rule, spec)));
  for (const spec of missing) await rules.add(spec);
  for (const rule of surplus) await rules.delete(specOf(rule));
  return missing.length + surplus.length;
}

function isOurs({ priority, isInverted, unknown }: Rule): boolean {
  return Object.values<number>(PRIORITIES).includes(priority) && isInverted !== true && unknown === undefined;
}

const COMPARED = ['family', 'priority', 'destination', 'mark', 'markMask', 'table', 'suppressPrefixLength'] as const;

function isSame(rule: Rule, spec: RuleSpec): boolean {
  return COMPARED.every((field) => rule[field] === spec[field]);
}

function specOf(rule: Rule): RuleSpec {
  const fields = COMPARED.flatMap((field) => (rule[field] === undefined ? [] : [[field, rule[field]] as const]));
  return { ...(Object.fromEntries(fields) as unknown as RuleSpec), protocol: ROUTE_PROTOCOL };
}
