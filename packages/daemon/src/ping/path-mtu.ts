import type { EchoOutcome } from '@routed/netns/icmp';

/** The largest packet that reaches an address. */
export interface PathMtu {
  readonly bytes: number;
  /**
   * `link`: as large as the first link allows; `told`: a router, or this host, named it; `found`: larger ones vanish without a word, so
   * that connections hang.
   */
  readonly how: 'link' | 'told' | 'found';
  /** The router that named it; absent: this host knew, or nobody did. */
  readonly by?: string;
}

/** Routers on a path may name a smaller one each. */
const MOST_ROUTERS = 8;
/** One packet may be lost on any path. */
const TRIES = 3;

/**
 * Finds the largest packet that is answered.
 *
 * @param ask sends one packet of this size
 * @param smallest a size that was answered
 * @param largest what the first link allows
 * @returns undefined: it cannot be told, as neither the largest nor the smallest is answered now
 */
export async function findPathMtu(
  ask: (packetBytes: number) => Promise<EchoOutcome>,
  { smallest, largest }: { readonly smallest: number; readonly largest: number },
): Promise<PathMtu | undefined> {
  let [bytes, told]: [number, { by?: string } | undefined] = [Math.max(largest, smallest), undefined];
  for (let round = 0; round < MOST_ROUTERS; round += 1) {
    const outcome = await persistently(ask, bytes);
    if (outcome.state === 'answered')
      return told === undefined ? { bytes, how: 'link' } : { bytes, how: 'told', ...told };
    if (outcome.state !== 'too big' || outcome.mtuBytes >= bytes) break;
    bytes = outcome.mtuBytes;
    told = outcome.by === undefined ? (told ?? {}) : { by: outcome.by };
  }
  return bytes <= smallest ? undefined : await bisect(ask, smallest, bytes);
}

async function bisect(
  ask: (packetBytes: number) => Promise<EchoOutcome>,
  smallest: number,
  tooLarge: number,
): Promise<PathMtu | undefined> {
  if ((await persistently(ask, smallest)).state !== 'answered') return undefined;
  let [passes, fails] = [smallest, tooLarge];
  while (fails - passes > 1) {
    const middle = Math.floor((passes + fails) / 2);
    if ((await persistently(ask, middle)).state === 'answered') passes = middle;
    else fails = middle;
  }
  return { bytes: passes, how: 'found' };
}

async function persistently(ask: (packetBytes: number) => Promise<EchoOutcome>, bytes: number): Promise<EchoOutcome> {
  let outcome = await ask(bytes);
  for (let tries = 1; tries < TRIES && outcome.state === 'silent'; tries += 1) outcome = await ask(bytes);
  return outcome;
}
