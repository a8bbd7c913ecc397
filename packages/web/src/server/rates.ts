import type { Uplink } from '../shape/overview.ts';
import type { LinkReading } from './sources.ts';

interface Past {
  readonly atMs: number;
  readonly reading: LinkReading;
}

/** Makes rates of counters: of each link, since it was read last. */
export class Rates {
  readonly #past = new Map<string, Past>();

  /** @param nowMs when they were read, by a clock that never goes back */
  of(readings: readonly LinkReading[], nowMs: number): Uplink[] {
    const uplinks = readings.map((reading) => uplinkOf(reading, this.#past.get(reading.name), nowMs));
    this.#past.clear();
    for (const reading of readings) this.#past.set(reading.name, { atMs: nowMs, reading });
    return uplinks;
  }
}

function uplinkOf({ name, isUp, mtuBytes, ...now }: LinkReading, past: Past | undefined, nowMs: number): Uplink {
  const plain = { name, isUp, mtuBytes };
  if (past === undefined || nowMs <= past.atMs) return plain;
  const rate = (bytes: number, before: number): number =>
    Math.max(0, Math.round(((bytes - before) * 8_000) / (nowMs - past.atMs)));
  return {
    ...plain,
    inBitsPerSec: rate(now.inBytes, past.reading.inBytes),
    outBitsPerSec: rate(now.outBytes, past.reading.outBytes),
  };
}
