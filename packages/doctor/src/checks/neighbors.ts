import { type Check, defineCheck, type Finding } from '../check.ts';
import type { Question } from '../facts/router-facts.ts';

/** Another router, as the daemon that speaks to it sees it. */
export interface RouterNeighbor {
  readonly name: string;
  readonly state: string;
  /** Routes are exchanged. */
  readonly isUp: boolean;
}

type Replies = ReadonlyMap<Question, string>;

export const adjacencyCheck = defineCheck<Replies | undefined>({
  id: 'router-neighbors',
  title: 'the router has neighbors',
  read: async (host) => (await host.routers())?.replies,
  judge: (replies) => {
    if (replies === undefined) return [];
    return [
      ...judgeOspf('OSPF', replies.get('show ip ospf neighbor'), isActive(replies.get('show ip ospf'))),
      ...judgeOspf('OSPFv3', replies.get('show ipv6 ospf6 neighbor'), isActive(replies.get('show ipv6 ospf6'))),
      ...judgeBgp(replies),
    ];
  },
});

function judgeOspf(protocol: 'OSPF' | 'OSPFv3', reply: string | undefined, isRunning: boolean): Finding[] {
  if (reply === undefined || !isRunning) return [];
  const neighbors = ospfNeighbors(reply);
  if (neighbors.length === 0) return [alone(protocol)];
  return neighbors
    .filter(({ isUp }) => !isUp)
    .map(({ name, state }) => ({
      severity: 'warning',
      found: `${protocol} neighbor ${name} is in state ${state}`,
      why: 'neighbors exchange routes in state Full, or 2-Way between non-designated routers; one that stays in ExStart or Exchange has a different MTU, or the same router id',
      remedy:
        'run doctor again in some seconds; if the state stays, compare MTU, router id, area, timers and network type of both hosts',
    }));
}

function judgeBgp(replies: Replies): Finding[] {
  const newer = replies.get('show bgp summary') ?? '';
  const reply = /router identifier/.test(newer) ? newer : (replies.get('show ip bgp summary') ?? newer);
  if (reply === '' || /instance not found|not running/i.test(reply)) return [];
  const neighbors = bgpNeighbors(reply);
  if (neighbors.length === 0) return /router identifier|no BGP neighbors/i.test(reply) ? [alone('BGP')] : [];
  return neighbors.flatMap(({ name, state, isUp }): Finding[] => {
    if (state === '(Policy)') {
      return [
        {
          severity: 'broken',
          found: `BGP neighbor ${name}: the session is up, but no route passes without a policy`,
          why: 'with "frr defaults traditional", eBGP exchanges no routes without route-maps in both directions',
          remedy: 'add an inbound and an outbound route-map for the neighbor, or "no bgp ebgp-requires-policy"',
        },
      ];
    }
    if (isUp) return [];
    return [
      {
        severity: 'broken',
        found: `BGP neighbor ${name} is in state ${state}`,
        why: 'no routes are exchanged',
        remedy: 'check reachability, the AS numbers, and the last reset in "show bgp neighbor"',
      },
    ];
  });
}

function alone(protocol: string): Finding {
  return {
    severity: 'broken',
    found: `${protocol} has no neighbor`,
    why: 'no other host learns the container routes',
    remedy:
      'check that the uplink is up and not passive, and that area, timers, network type and authentication match the other hosts',
  };
}

function isActive(reply: string | undefined): boolean {
  return reply !== undefined && /Router.ID/i.test(reply);
}

/** Rows begin with the router id; the state is `Full/DR`, `2-Way/DROther`, `ExStart/Backup`. Pure. */
export function ospfNeighbors(reply: string): RouterNeighbor[] {
  return reply.split('\n').flatMap((line) => {
    const [, name, state] = /^(\d+\.\d+\.\d+\.\d+)\s.*?\s((?:[A-Z2][\w-]*)\/\S*)/.exec(line.trim()) ?? [];
    if (name === undefined || state === undefined) return [];
    return [{ name, state, isUp: /^(Full|2-Way|Twoway)\//i.test(state) }];
  });
}

/**
 * Rows of several tables, one for each address family. The tenth column is the state, or the number of prefixes once
 * the session is up; long names have a row of their own. Pure.
 */
export function bgpNeighbors(reply: string): RouterNeighbor[] {
  const text = reply.replace(/^(\S+)\n\s+(?=4 )/gm, '$1 ');
  return text.split('\n').flatMap((line) => {
    const cells = line.trim().split(/\s+/);
    const [name = '', version] = cells;
    const state = cells[9];
    if (version !== '4' || state === undefined || !/^\d+$/.test(cells[2] ?? '')) return [];
    return [{ name, state, isUp: /^\d+$/.test(state) || state === 'NoNeg' }];
  });
}

export const neighborsChecks: readonly Check[] = [adjacencyCheck];
