import type { AnnouncePolicy } from '../networks/options.ts';

/** What Docker says of a container. */
export interface ContainerCondition {
  /** `ending`: it was sent a signal that ends it, or it has ended. */
  readonly state: 'created' | 'running' | 'paused' | 'ending';
  /** Absent: it has no HEALTHCHECK. */
  readonly health?: 'starting' | 'healthy' | 'unhealthy';
}

/** What decides about the announcement of one endpoint. */
export interface AnnouncementInputs {
  readonly policy: AnnouncePolicy;
  /** For how long the policy has to be met before the endpoint is announced, in milliseconds. */
  readonly delayMs: number;
  /** Absent: Docker has not said yet. */
  readonly container?: ContainerCondition;
  /** What an operator said last, for `manual`. */
  readonly isWished?: boolean;
  /** An operator drains the endpoint, or the host. */
  readonly isDraining: boolean;
}

/** Why an endpoint is announced, or is not. */
export type AnnouncementReason =
  | 'always'
  | 'running'
  | 'healthy'
  | 'no-healthcheck'
  | 'announced by operator'
  | 'draining'
  | 'unknown'
  | 'not started'
  | 'paused'
  | 'ending'
  | 'not healthy'
  | 'withdrawn by operator'
  | 'delayed'
  | 'flapping';

/** The announcement of one endpoint at one moment. */
export interface Announcement {
  readonly isAnnounced: boolean;
  readonly reason: AnnouncementReason;
  /** When to look again if nothing happens before, in milliseconds of the clock; absent: never. */
  readonly lookAgainAt?: number;
  readonly memory: AnnouncementMemory;
}

/** What the decision keeps from one time to the next. */
export interface AnnouncementMemory {
  readonly isAnnounced: boolean;
  /** Since when the policy has been met; absent: it is not. */
  readonly metSince?: number;
  /** When it was withdrawn because the policy was no longer met, the latest last. */
  readonly withdrawals: readonly number[];
}

/** So many withdrawals within so long are flapping: it stays withdrawn until it has been quiet that long. */
export const FLAPPING = { count: 5, withinMs: 60_000 } as const;

/**
 * Decides whether an endpoint is announced now. Pure.
 *
 * A withdrawal is immediate; an announcement waits for the delay, and for the end of flapping. As long as Docker says nothing, all
 * stays as it is.
 *
 * @param now of the clock that `memory` was made with, in milliseconds
 */
export function decide(inputs: AnnouncementInputs, memory: AnnouncementMemory, now: number): Announcement {
  const { isMet, reason } = verdict(inputs, memory);
  const withdrawals = memory.withdrawals.filter((at) => now - at < FLAPPING.withinMs);
  if (!isMet) {
    const isCounted = memory.isAnnounced && isOfContainer(reason);
    const kept = isCounted ? [...withdrawals, now].slice(-FLAPPING.count) : withdrawals;
    return { isAnnounced: false, reason, memory: { isAnnounced: false, withdrawals: kept } };
  }
  const metSince = memory.metSince ?? now;
  const remembered = { metSince, withdrawals };
  if (memory.isAnnounced) return { isAnnounced: true, reason, memory: { ...remembered, isAnnounced: true } };
  const quietAt = withdrawals.length < FLAPPING.count ? now : (withdrawals.at(-1) ?? now) + FLAPPING.withinMs;
  const dueAt = Math.max(metSince + inputs.delayMs, quietAt);
  if (dueAt <= now) return { isAnnounced: true, reason, memory: { metSince, withdrawals, isAnnounced: true } };
  const isFlapping = quietAt > now;
  return {
    isAnnounced: false,
    reason: isFlapping ? 'flapping' : 'delayed',
    lookAgainAt: dueAt,
    memory: { ...remembered, isAnnounced: false },
  };
}

/** Whether it is the container that went, not an operator's wish: only that is flapping. */
function isOfContainer(reason: AnnouncementReason): boolean {
  return reason === 'not healthy' || reason === 'paused';
}

function verdict(
  { policy, container, isWished, isDraining }: AnnouncementInputs,
  { isAnnounced }: AnnouncementMemory,
): { readonly isMet: boolean; readonly reason: AnnouncementReason } {
  if (isDraining) return { isMet: false, reason: 'draining' };
  if (policy === 'always') return { isMet: true, reason: 'always' };
  if (policy === 'manual' && isWished !== true) return { isMet: false, reason: 'withdrawn by operator' };
  // Fail static.
  if (container === undefined) return { isMet: isAnnounced, reason: 'unknown' };
  const { state, health } = container;
  if (state !== 'running') return { isMet: false, reason: state === 'created' ? 'not started' : state };
  if (policy === 'manual') return { isMet: true, reason: 'announced by operator' };
  if (policy === 'running') return { isMet: true, reason: 'running' };
  if (health === undefined) return { isMet: true, reason: 'no-healthcheck' };
  return health === 'healthy' ? { isMet: true, reason: 'healthy' } : { isMet: false, reason: 'not healthy' };
}
