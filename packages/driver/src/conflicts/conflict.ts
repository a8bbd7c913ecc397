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
  /** Whether this host leaves the address to the other one, which takes it over: nothing is wrong. */
  readonly isHandover: boolean;
}

/** What is to become of an address that others announce, too, and why. */
export interface Verdict {
  readonly isToYield: boolean;
  /** How long both hosts announce it before this one yields, in milliseconds. */
  readonly afterMs: number;
  readonly reason: string;
}

/** A route stays for so long after a conflict was found: else the other host might never notice it. */
const NOTICE_MS = 1_500;
/** By then the other host has yielded, if it does not take the address over: it looks once a second. */
const AFTER_OTHER_MS = 3_000;
/** By then a host with the lower id, from which the address was taken over, has yielded. */
const AFTER_LOWER_MS = 5_000;

/**
 * Who yields: whoever has not the lowest id of those that announce the address, if its network says so. Ids are
 * compared as the protocol gives them, so that all hosts come to the same end without a word: router ids with OSPF and
 * inside one AS, AS numbers with BGP between them. Pure.
 *
 * With `handover` everybody yields to a host that takes over, which is one that does not yield itself: whoever has not the lowest id
 * at once, the other one once that has had the time to. So two hosts that find each other, such as after a partition, end as with
 * `yield`. A host that took the address over a moment ago leaves the one with the lower id time for that: that host may not be
 * the next one but the last, back after a restart of its router.
 */
export function judge(
  { policy, isHandedOver, isNew }: Pick<Claim, 'policy' | 'isHandedOver' | 'isNew'>,
  rivals: readonly CompetingRoute[],
): Verdict {
  const answers = rivals.map(({ isBehindUs }) => isBehindUs);
  const keep = (reason: string): Verdict => ({ isToYield: false, afterMs: 0, reason });
  const leave = (afterMs: number, reason: string): Verdict => ({ isToYield: true, afterMs, reason });
  if (policy === 'keep') return keep('its network has routed.on-conflict=keep');
  if (isHandedOver) return leave(0, 'an operator hands it over');
  const isHandover = policy === 'handover';
  if (answers.includes(false)) {
    return leave(isHandover ? (isNew ? AFTER_LOWER_MS : 0) : NOTICE_MS, 'the other host has the lower id');
  }
  if (answers.includes(undefined)) return keep('the ids cannot be compared');
  return isHandover ? leave(AFTER_OTHER_MS, 'the other host takes it over') : keep('this host has the lower id');
}

/** Who else has the address, for people. */
export function holdersOf(rivals: readonly CompetingRoute[]): readonly string[] {
  return rivals.map(describeCompetingRoute);
}

/** What is the matter with an address, for people. */
export function describeConflict(conflict: Conflict): string {
  const { address, endpointId, state, holders, reason, isHandover } = conflict;
  const who = holders.length === 0 ? '' : ` (${holders.join('; ')})`;
  if (isHandover) {
    const done = state === 'yielded' ? 'handed over to' : 'being handed over to';
    return `address ${address} of endpoint ${endpointId.slice(0, 12)} is ${done} another host${who}: ${reason}`;
  }
  const what = state === 'kept' ? 'this host keeps announcing it' : 'this host yields and withdraws its route';
  return `address ${address} of endpoint ${endpointId.slice(0, 12)} is also announced by another host${who}: ${what}, ${reason}`;
}
