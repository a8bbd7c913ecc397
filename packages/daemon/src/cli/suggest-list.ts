import type { RefusedPacket } from '@routed/driver/replies';

/** An entry that would have let packets pass which a list refused, or counted. */
export interface SuggestedEntry {
  readonly network: string;
  /** As `routed.ingress` and `routed.egress` have it. */
  readonly entry: string;
  /** How many were logged; the kernel leaves out some of many. */
  readonly packets: number;
  /** Time of the last one, ISO 8601. */
  readonly lastAt: string;
}

/** What lists can name by port. */
const WITH_PORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp']);

/**
 * The entries that a list of this direction lacks for what it refused or counted, most wanted first. Pure.
 *
 * An address and a port for each; what has no ports, such as ping, is left out: an entry for it would let everything pass.
 */
export function suggestEntries(
  packets: readonly RefusedPacket[],
  direction: 'ingress' | 'egress',
): readonly SuggestedEntry[] {
  const entries = new Map<string, SuggestedEntry>();
  for (const packet of packets) {
    const { protocol, port, network = '?', at } = packet;
    if (packet.direction !== direction || port === undefined || !WITH_PORTS.has(protocol)) continue;
    const peer = direction === 'egress' ? packet.destination : packet.source;
    const entry = `${peer.includes(':') ? `[${peer}]` : peer}:${port}/${protocol}`;
    const key = `${network} ${entry}`;
    entries.set(key, { network, entry, packets: (entries.get(key)?.packets ?? 0) + 1, lastAt: at });
  }
  return [...entries.values()].sort(
    (one, other) => one.network.localeCompare(other.network) || other.packets - one.packets,
  );
}
