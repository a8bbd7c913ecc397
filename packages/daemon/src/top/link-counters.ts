/** What has passed a container's link since it was made, from the container's side. */
export interface LinkCounters {
  readonly inBytes: number;
  readonly inPackets: number;
  readonly outBytes: number;
  readonly outPackets: number;
}

/** Where the kernel tells it of all links of a namespace at once. */
export const COUNTERS_FILE = '/proc/net/dev';

/** Columns behind the name. Source: proc(5), linux net/core/net-procfs.c `dev_seq_printf_stats`. */
const [RX_BYTES, RX_PACKETS, TX_BYTES, TX_PACKETS] = [0, 1, 8, 9] as const;

/**
 * The counters of links by the name of the host's end: what the host receives comes out of the container. Pure.
 *
 * @param text that of {@link COUNTERS_FILE}
 */
export function linkCounters(text: string): ReadonlyMap<string, LinkCounters> {
  const counters = new Map<string, LinkCounters>();
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(':');
    const values = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const [outBytes, outPackets] = [values[RX_BYTES], values[RX_PACKETS]];
    const [inBytes, inPackets] = [values[TX_BYTES], values[TX_PACKETS]];
    if (colon < 0 || outBytes === undefined || outPackets === undefined) continue;
    if (inBytes === undefined || inPackets === undefined) continue;
    counters.set(line.slice(0, colon).trim(), { inBytes, inPackets, outBytes, outPackets });
  }
  return counters;
}
