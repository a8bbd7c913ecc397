import { LARGEST_RATE_BITS_PER_SEC, type RateLimit, smallestBurst } from '@routed/datapath';
import { excerpt } from '@routed/text';
import { z } from 'zod';

/** A limit of the rate, or none: `off` also where the network has one. */
export type Rate = RateLimit | 'off';

/** The form of a rate in a record. */
export const storedRate = z.union([
  z.literal('off'),
  z.object({ bitsPerSec: z.int().positive(), burstBytes: z.int().positive().exactOptional() }),
]);

/** Bits per second of a unit. Source: iproute2 lib/utils.c `get_rate64`: bps is bytes, and bit is bits. */
const RATE_UNITS: ReadonlyMap<string, number> = new Map(
  ['', 'k', 'm', 'g', 't'].flatMap((prefix, power) => [
    [`${prefix}bit`, 1000 ** power],
    [`${prefix}bps`, 8 * 1000 ** power],
    ...(power === 0
      ? []
      : ([
          [`${prefix}ibit`, 1024 ** power],
          [`${prefix}ibps`, 8 * 1024 ** power],
        ] as const)),
  ]),
);

/** Bytes of a unit. Source: iproute2 lib/utils.c `get_size64`. */
const SIZE_UNITS: ReadonlyMap<string, number> = new Map(
  ['', 'k', 'm', 'g'].flatMap((prefix, power) => [
    [prefix, 1024 ** power],
    [`${prefix}b`, 1024 ** power],
    [`${prefix}bit`, 1024 ** power / 8],
  ]),
);

const FORM = 'expected a rate such as 100mbit or "1gbit burst 1m", or off';
/** In words: a plus sign separates them as well, since a space needs quotes in a shell. */
const SEPARATOR = /[\s+]+/;
/** The kernel keeps a burst as a time in 32 bits of 64 ns. */
const LONGEST_BURST_SEC = 274;

/** A rate as tc reads it, with the burst as an option; canonical. */
export const rateText: z.ZodType<Rate> = z.string({ error: FORM }).transform((text, context) => {
  try {
    return parseRate(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    context.addIssue(error.message);
    return z.NEVER;
  }
});

/**
 * Reads a rate.
 *
 * @throws RangeError that says what is wrong and what would be right
 */
export function parseRate(text: string): Rate {
  const words = text.trim().toLowerCase().split(SEPARATOR);
  if (words.length === 1 && words[0] === 'off') return 'off';
  const [rate = '', keyword, burst, ...rest] = words;
  if (keyword !== undefined && keyword !== 'burst') throw new RangeError(`"${excerpt(keyword)}": ${FORM}`);
  if (rest.length > 0 || (keyword !== undefined && burst === undefined)) throw new RangeError(FORM);
  const bitsPerSec = readRate(rate);
  return burst === undefined ? { bitsPerSec } : { bitsPerSec, burstBytes: readBurst(burst, bitsPerSec) };
}

/** A rate as people write it; {@link parseRate} reads it. */
export function formatRate(rate: Rate | undefined): string {
  if (rate === undefined || rate === 'off') return 'off';
  const { bitsPerSec, burstBytes } = rate;
  const burst = burstBytes === undefined ? '' : ` burst ${inUnits(burstBytes, 1024, ['b', 'k', 'm', 'g'])}`;
  return inUnits(bitsPerSec, 1000, ['bit', 'kbit', 'mbit', 'gbit']) + burst;
}

/** Why the burst of a rate is too small on links of this MTU, with the smallest that works; `undefined`: it is not. */
export function burstComplaint(rate: Rate | undefined, mtuBytes: number): string | undefined {
  if (rate === undefined || rate === 'off' || rate.burstBytes === undefined) return undefined;
  const least = smallestBurst(rate, mtuBytes);
  if (rate.burstBytes >= least) return undefined;
  return `burst ${rate.burstBytes}b is too small for that rate and MTU ${mtuBytes}: give at least ${least}b, or no burst`;
}

function readRate(text: string): number {
  const [, digits, unit = ''] = /^(-?\d+(?:\.\d+)?)([a-z]*)$/.exec(text) ?? [];
  if (digits === undefined) throw new RangeError(`"${excerpt(text)}": ${FORM}`);
  if (unit === '')
    throw new RangeError(`rate ${excerpt(digits)} has no unit: write ${excerpt(digits)}mbit or ${excerpt(digits)}kbit`);
  const factor = RATE_UNITS.get(unit);
  if (factor === undefined) {
    throw new RangeError(
      `unknown unit "${excerpt(unit)}": expected bit, kbit, mbit, gbit, or bytes as bps, kbps, mbps, gbps`,
    );
  }
  // The kernel counts whole bytes.
  const bitsPerSec = Math.floor((Number(digits) * factor) / 8) * 8;
  if (bitsPerSec < 8000)
    throw new RangeError(`rate ${excerpt(text)} is too low: give at least 8kbit, or off for no limit`);
  if (bitsPerSec > LARGEST_RATE_BITS_PER_SEC) {
    throw new RangeError(
      `rate ${excerpt(text)} is too high: give at most 34359738360bit (34.36gbit), or off for no limit`,
    );
  }
  return bitsPerSec;
}

function readBurst(text: string, bitsPerSec: number): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([a-z]*)$/.exec(text) ?? [];
  const factor = SIZE_UNITS.get(unit);
  if (digits === undefined || factor === undefined) {
    throw new RangeError(`burst "${excerpt(text)}": expected bytes such as 125000b, 128k or 1m`);
  }
  const bytes = Math.floor(Number(digits) * factor);
  const most = Math.min(Math.floor((bitsPerSec / 8) * LONGEST_BURST_SEC), 0xffff_ffff);
  if (bytes < 1) throw new RangeError(`burst ${excerpt(text)} is too small: give bytes such as 128k, or no burst`);
  if (bytes > most) throw new RangeError(`burst ${excerpt(text)} is too large for that rate: give at most ${most}b`);
  return bytes;
}

/** In the largest unit that it is a whole number of. */
function inUnits(value: number, base: number, units: readonly [string, ...string[]]): string {
  let [power, left] = [0, value];
  while (power < units.length - 1 && left % base === 0) [power, left] = [power + 1, left / base];
  return `${left}${units[power] ?? units[0]}`;
}
