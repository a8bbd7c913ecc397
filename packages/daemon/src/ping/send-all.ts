import type { EchoOutcome, EchoSocket } from '@routed/netns/icmp';
import { setTimeout as sleep } from 'node:timers/promises';

/** How requests are sent. */
export interface Pace {
  /** How many, at least 1. */
  readonly count: number;
  /** From one to the next. */
  readonly intervalMs: number;
  /** Of each packet, its IP header included. */
  readonly packetBytes: number;
  /** How long the answer to each is waited for. */
  readonly timeoutMs: number;
}

/**
 * Sends requests one after another, whether or not they are answered.
 *
 * @param onOutcome called as each comes, with its number from 1 on
 * @param signal once aborted, nothing more is sent, and what has no outcome yet is left out
 */
export async function sendAll(
  echo: Pick<EchoSocket, 'ask'>,
  { count, intervalMs, packetBytes, timeoutMs }: Pace,
  {
    onOutcome,
    signal,
  }: { readonly onOutcome: (outcome: EchoOutcome, number: number) => void; readonly signal: AbortSignal },
): Promise<EchoOutcome[]> {
  const outcomes: EchoOutcome[] = [];
  const asked: Promise<void>[] = [];
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  const isOver = (): boolean => signal.aborted;
  const send = async (number: number): Promise<void> => {
    const outcome = await echo.ask({ packetBytes, timeoutMs });
    if (isOver()) return;
    outcomes.push(outcome);
    onOutcome(outcome, number);
  };
  for (let number = 1; number <= count && !isOver(); number += 1) {
    asked.push(send(number));
    if (number < count) await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
  await Promise.race([Promise.all(asked), aborted]);
  return outcomes;
}
