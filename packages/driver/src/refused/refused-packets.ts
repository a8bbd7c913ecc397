import { setTimeout as sleep } from 'node:timers/promises';
import { hostPrefix, type Logger, type NamedDestinations } from '@routed/datapath';
import { isNetfilterError, type LoggedPacket, type PacketLog, type RefusalPrefix } from '@routed/netfilter';
import type { Link } from '@routed/netns';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { isPending } from '../endpoints/owner-pending.ts';
import type { NameBook } from '../ground/endpoint-names.ts';
import { Recent } from '../ground/recent.ts';
import type { RefusedPacket } from './refused-packet.ts';

const CAPACITY = 10_000;
const RETRY_MS = 30_000;
/** Indexes of links are not used again for long; names of those that are gone are of no use. */
const MAX_LINKS = 10_000;
/** Of a list, in characters. */
const LONGEST_TEXT = 80;
const DIRECTIONS: Readonly<Record<RefusalPrefix, 'ingress' | 'egress' | 'sender'>> = {
  'routed ingress': 'ingress',
  'routed egress': 'egress',
  'routed sender': 'sender',
};
/** Source: IANA protocol numbers. */
const PROTOCOL_NAMES: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6', 132: 'sctp' };

/** What filters refused lately, in memory, as the kernel logs it: some of each link and direction, never all of a flood. */
export class RefusedPackets {
  readonly #endpoints: Pick<EndpointLifecycle, 'get' | 'endpointAt' | 'idOfLink'>;
  readonly #names: Pick<NameBook, 'of'>;
  readonly #destinations: Pick<NamedDestinations, 'nameOf'>;
  readonly #linkAt: (index: number) => Promise<Pick<Link, 'name'> | undefined>;
  readonly #logger: Logger;
  readonly #recent = new Recent<RefusedPacket>(CAPACITY);
  readonly #linkNames = new Map<number, string>();
  readonly #stopping = new AbortController();
  #log: PacketLog | undefined;

  constructor(deps: {
    readonly endpoints: Pick<EndpointLifecycle, 'get' | 'endpointAt' | 'idOfLink'>;
    readonly names: Pick<NameBook, 'of'>;
    readonly named: Pick<NamedDestinations, 'nameOf'>;
    readonly linkAt: (index: number) => Promise<Pick<Link, 'name'> | undefined>;
    readonly logger: Logger;
  }) {
    this.#endpoints = deps.endpoints;
    this.#names = deps.names;
    this.#destinations = deps.named;
    this.#linkAt = deps.linkAt;
    this.#logger = deps.logger;
  }

  /** Reads from now on until {@link stop}; while another process has the log group, asks for it again every 30 s. */
  async start(open: () => Promise<PacketLog>): Promise<void> {
    for (let isFirst = true; !this.#stopping.signal.aborted; isFirst = false) {
      const failure = await this.#read(open).catch((error: unknown) => error);
      if (failure !== undefined && isFirst) {
        this.#logger.warn({ err: failure }, 'refused packets are counted, and not shown');
      }
      if (isNetfilterError(failure, 'LOG_UNAVAILABLE')) return;
      await sleep(RETRY_MS, undefined, { ref: false, signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#log?.close();
  }

  /** The oldest first. */
  entries(): RefusedPacket[] {
    return this.#recent.all().map((packet) => this.#named(packet));
  }

  /** The last ones, that many at most, the oldest first. */
  latest(count: number): RefusedPacket[] {
    return this.#recent.latest(count).map((packet) => this.#named(packet));
  }

  /** Calls the listener for each further one, until the function returned is called. */
  follow(listener: (packet: RefusedPacket) => void): () => void {
    return this.#recent.follow((packet) => listener(this.#named(packet)));
  }

  async #read(open: () => Promise<PacketLog>): Promise<void> {
    const log = await open();
    if (this.#stopping.signal.aborted) {
      await log.close();
      return;
    }
    this.#log = log;
    try {
      for await (const packet of log) await this.#note(packet);
    } finally {
      await log.close();
    }
  }

  async #note(packet: LoggedPacket): Promise<void> {
    const direction = DIRECTIONS[packet.prefix as RefusalPrefix] as (typeof DIRECTIONS)[RefusalPrefix] | undefined;
    if (direction === undefined) return;
    const link = await this.#nameOf(direction === 'ingress' ? packet.outLink : packet.inLink);
    const id = this.#endpointOf(packet, direction, link);
    const endpoint = id === undefined ? undefined : this.#endpoints.get(id);
    const { time, source, destination, protocol, destinationPort, sourcePort, icmp } = packet;
    const name =
      direction === 'egress' && link !== undefined ? this.#destinations.nameOf(link, destination) : undefined;
    this.#recent.record({
      at: time.toISOString(),
      direction,
      ...judgement(endpoint, direction),
      ...(id !== undefined && { endpointId: id }),
      source,
      destination,
      ...(name !== undefined && { name }),
      protocol: PROTOCOL_NAMES[protocol] ?? String(protocol),
      ...(destinationPort !== undefined && { port: destinationPort }),
      ...(sourcePort !== undefined && { sourcePort }),
      ...(icmp !== undefined && { icmp: `${icmp.type}/${icmp.code}` }),
    });
  }

  /** By its link, as the addresses may be anybody's; by the address when the link is gone. */
  #endpointOf(
    { source, destination }: LoggedPacket,
    direction: 'ingress' | 'egress' | 'sender',
    link: string | undefined,
  ): string | undefined {
    const id = link === undefined ? undefined : this.#endpoints.idOfLink(link);
    return id ?? this.#endpoints.endpointAt(hostPrefix(direction === 'ingress' ? destination : source));
  }

  async #nameOf(index: number): Promise<string | undefined> {
    if (index === 0) return undefined;
    const known = this.#linkNames.get(index);
    if (known !== undefined) return known;
    const name = (await this.#linkAt(index).catch(() => undefined))?.name;
    if (this.#linkNames.size >= MAX_LINKS) this.#linkNames.clear();
    if (name !== undefined) this.#linkNames.set(index, name);
    return name;
  }

  #named(packet: RefusedPacket): RefusedPacket {
    return packet.endpointId === undefined ? packet : { ...packet, ...this.#names.of(packet.endpointId) };
  }
}

/** What the endpoint's filter says of the packet. Lists may have changed since it was refused. */
function judgement(
  endpoint: Endpoint | undefined,
  direction: 'ingress' | 'egress' | 'sender',
): Pick<RefusedPacket, 'verdict' | 'rule'> {
  if (direction === 'sender') {
    return { verdict: 'refused', rule: 'routed.spoof=strict: the container does not have this source' };
  }
  const mode = direction === 'ingress' ? endpoint?.ingressMode : endpoint?.egressMode;
  const verdict = mode === 'observe' ? 'counted' : 'refused';
  if (isPending(endpoint, direction)) {
    return { verdict, rule: 'closed until Docker has said which container this is' };
  }
  const list = endpoint?.[direction];
  const shown = list !== undefined && list.length > LONGEST_TEXT ? `${list.slice(0, LONGEST_TEXT)}…` : list;
  return { verdict, rule: `not in routed.${direction}${shown === undefined ? '' : `=${shown}`}` };
}
