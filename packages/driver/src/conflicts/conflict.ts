import { describeCompetingRoute, type CompetingRoute } from '@routed/quagga/show';
import type { Claim } from './claims.ts';

/** An address that another host announces as well as this one. */
export interface Conflict {
  readonly address: string;
  readonly endpointId: string;
  /** When it was found: ISO 8601, UTC. */
  readonly since: string;
  /**
   * `yielded`: this host's route is withdrawn until the other one's goes; `yielding`: it will be, once the other host has
   * had the time to notice as well.
   */
  readonly state: 'kept' | 'yielding' | 'yielded';
  /** Who has it, for people: next hop and protocol of the route, and the router that it is from. */
  readonly holders: readonly string[];
  /** Why it is in that state, for people. */
  readonly reason: string;
}

/** What is to become of an address that others announce, too, and why. */
export interface Verdict {
  readonly isToYield: boolean;
  readonly reason: string;
}

/**
 * Who yields: whoever has not the lowest id of those that announce the address, if its network says so. Ids are
 * compared as the protocol gives them, so that all hosts come to the same end without a word: router ids with OSPF and
 * inside one AS, AS numbers with BGP between them. Pure.
 */
export function judge({ policy }: Pick<Claim, 'policy'>, rivals: readonly CompetingRoute[]): Verdict {
  const answers = rivals.map(({ isBehindUs }) => isBehindUs);
  if (policy === 'keep') return { isToYield: false, reason: 'its network has routed.on-conflict=keep' };
  if (answers.includes(false)) return { isToYield: true, reason: 'the other host has the lower id' };
  const reason = answers.includes(undefined) ? 'the ids cannot be compared' : 'this host has the lower id';
  return { isToYield: false, reason };
}

/** Who else has the address, for people. */
export function holdersOf(rivals: readonly CompetingRoute[]): readonly string[] {
  return rivals.map(describeCompetingRoute);
}

/** What is the matter with an address, for people. */
export function describeConflict({ address, endpointId, state, holders, reason }: Conflict): string {
  const who = holders.length === 0 ? '' : ` (${holders.join('; ')})`;
  const what = state === 'kept' ? 'this host keeps announcing it' : 'this host yields and withdraws its route';
  return `address ${address} of endpoint ${endpointId.slice(0, 12)} is also announced by another host${who}: ${what}, ${reason}`;
}
