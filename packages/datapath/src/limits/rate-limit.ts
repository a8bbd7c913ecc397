/** Which way packets go: `in` to the container, `out` from it. */
export type Direction = 'in' | 'out';

export const DIRECTIONS = ['in', 'out'] as const satisfies readonly Direction[];

/** How fast packets may go one way: Ethernet frames are counted, as tc does. */
export interface RateLimit {
  /** A multiple of 8, up to {@link LARGEST_RATE_BITS_PER_SEC}. */
  readonly bitsPerSec: number;
  /** How much may go at once after a pause; absent: what the rate allows in 10 ms. */
  readonly burstBytes?: number;
}

/** What the kernel is told of a limit. */
export interface Shape {
  readonly rateBitsPerSec: number;
  readonly burstBytes: number;
  /** What may wait before packets are dropped. */
  readonly queueBytes: number;
}

/** The limits of an endpoint; absent: none that way. */
export type Shapes = { readonly [D in Direction]?: Shape };

/** The most that 32 bits of bytes per second say, as kernels and tools before rates of 64 bits have them: 34.36 Gbit/s. */
export const LARGEST_RATE_BITS_PER_SEC = 0xffff_ffff * 8;

/** What a class has whose limit was taken away: its packets pass, and none is lost with it. */
export const UNLIMITED: Shape = { rateBitsPerSec: 1e12, burstBytes: 0x400_0000, queueBytes: 0x400_0000 };

/** Ethernet header and one VLAN tag: what a frame has beyond the MTU. */
const FRAME_BYTES = 18;
/** A process that is woken late makes up for so long. Measured: 1 ms is too short beside other load, 10 ms keeps the rate. */
const BURST_SEC = 0.01;
/** Less than this is lost to late wake-ups of the kernel. */
const SMALLEST_BURST_SEC = 0.001;
/** How long packets wait at most, but for the floor: two segments of 64 KiB, which the kernel hands over whole. */
const QUEUE_SEC = 0.05;
const SMALLEST_QUEUE_BYTES = 0x2_0000;
/** The kernel counts times in 64 ns. */
const TICK_SEC = 64e-9;

/** What the kernel is told of a limit on a link of this MTU. Pure. */
export function shapeOf({ bitsPerSec, burstBytes }: RateLimit, mtuBytes: number): Shape {
  const bytesPerSec = bitsPerSec / 8;
  return {
    rateBitsPerSec: bitsPerSec,
    burstBytes: burstBytes ?? Math.max(Math.ceil(bytesPerSec * BURST_SEC), 2 * (mtuBytes + FRAME_BYTES)),
    queueBytes: Math.max(Math.ceil(bytesPerSec * QUEUE_SEC), SMALLEST_QUEUE_BYTES),
  };
}

/** The smallest burst that a rate is kept with: a frame, and what is sent in 1 ms. */
export function smallestBurst({ bitsPerSec }: RateLimit, mtuBytes: number): number {
  return Math.max(mtuBytes + FRAME_BYTES, Math.ceil((bitsPerSec / 8) * SMALLEST_BURST_SEC));
}

/** Whether the kernel keeps both alike: it keeps a burst as a time. */
export function isSameShape(one: Shape, other: Shape): boolean {
  const stepBytes = (one.rateBitsPerSec / 8) * TICK_SEC + 1;
  return (
    one.rateBitsPerSec === other.rateBitsPerSec &&
    one.queueBytes === other.queueBytes &&
    Math.abs(one.burstBytes - other.burstBytes) <= stepBytes
  );
}
