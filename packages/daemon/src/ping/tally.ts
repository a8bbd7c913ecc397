import type { EchoOutcome } from '@routed/netns/icmp';

/** What became of several echo requests. Times are round trips in milliseconds, to the microsecond; absent: nothing was answered. */
export interface Tally {
  readonly sent: number;
  readonly answered: number;
  /** 0 to 100; 0 when nothing was sent. */
  readonly lostPercent: number;
  readonly leastMs?: number;
  readonly averageMs?: number;
  readonly mostMs?: number;
}

/** Counts outcomes. Pure. */
export function tallyOf(outcomes: readonly EchoOutcome[]): Tally {
  const times = outcomes.flatMap((outcome) => (outcome.state === 'answered' ? [outcome.roundTripMs] : []));
  const [sent, answered] = [outcomes.length, times.length];
  const lostPercent = sent === 0 ? 0 : ((sent - answered) / sent) * 100;
  if (answered === 0) return { sent, answered, lostPercent };
  const averageMs = Math.round((times.reduce((sum, time) => sum + time, 0) / answered) * 1_000) / 1_000;
  return { sent, answered, lostPercent, leastMs: Math.min(...times), averageMs, mostMs: Math.max(...times) };
}
