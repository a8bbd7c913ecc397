import { hostPrefix, protocolName, ROUTE_PROTOCOL } from '@routed/datapath';
import type { DaemonReport } from '@routed/driver/daemon-report';
import type { AddressRecord } from '@routed/driver/replies';
import { parsePoolId } from '@routed/ipam';
import type { Announcer, Way } from '@routed/quagga/show';
import { protocolText } from '../ground/protocol-text.ts';
import type { OwnerFacts } from './facts.ts';

/** Who has an address, as `whois --json` prints it. */
export interface Owner {
  readonly address: string;
  /**
   * `container`: one of this host; `host`: it is this host's own; `elsewhere`: another host announces it, or a prefix with it;
   * `nobody`: none of these; `unknown`: neither the daemon nor the router could be asked, and the kernel does not say.
   */
  readonly state: 'container' | 'host' | 'elsewhere' | 'nobody' | 'unknown';
  /** What is announced: the address itself, or the prefix that it lies in; absent: nothing. */
  readonly prefix?: string;
  /** The routers that announce it, this host first; empty: none, or nobody says which. */
  readonly announcers: readonly Announcer[];
  /** Since when: of an address of this host, its announcement; else the router's route. ISO 8601, UTC; absent: not known. */
  readonly since?: string;
  /** The entry of the routing table that packets take. */
  readonly route?: {
    readonly destination: string;
    readonly protocol: string;
    readonly metric?: number;
    readonly nextHops: readonly Way[];
  };
  /** The pool of this host that it lies in, with the names of its networks. */
  readonly pool?: { readonly prefix: string; readonly networks: readonly string[] };
  /** The block of this host by which others reach it. */
  readonly block?: string;
  readonly endpointId?: string;
  readonly container?: string;
  readonly network?: string;
  readonly lease?: NonNullable<AddressRecord['lease']>;
  readonly announcement?: NonNullable<AddressRecord['announcement']>;
  /** Another host announces it as well, which should not be. */
  readonly conflict?: DaemonReport['conflicts'][number];
  /** Who could not be asked, and what is therefore missing; for people. */
  readonly unasked: readonly string[];
}

/** Puts together who has an address. Pure. */
export function ownerOf(facts: OwnerFacts): Owner {
  const { address, record, report, origin } = facts;
  const endpoint = record?.endpoint;
  const { container, network } = endpoint ?? {};
  const conflict = report?.conflicts.find((each) => each.address === address);
  const state = stateOf(facts);
  const since =
    state === 'container' ? record?.announcement?.since : state === 'elsewhere' ? sinceOf(facts) : undefined;
  const prefix = announcedPrefix(facts, state);
  return {
    address,
    state,
    ...(prefix !== undefined && { prefix }),
    announcers: prefix === undefined || origin?.prefix !== prefix ? [] : origin.announcers,
    ...(since !== undefined && { since }),
    ...routeField(facts),
    ...poolField(facts),
    ...(record?.block !== undefined && { block: record.block }),
    ...(endpoint !== undefined && { endpointId: endpoint.id }),
    ...(container !== undefined && { container }),
    ...(network !== undefined && { network }),
    ...(record?.lease !== undefined && { lease: record.lease }),
    ...(record?.announcement !== undefined && { announcement: record.announcement }),
    ...(conflict !== undefined && { conflict }),
    unasked: unaskedOf(facts),
  };
}

function stateOf({ address, record, route, origin }: OwnerFacts): Owner['state'] {
  if (record?.endpoint !== undefined) return 'container';
  if (route?.type === 'local') return 'host';
  const isOurs = route?.destination === hostPrefix(address) && route.protocol === ROUTE_PROTOCOL;
  // The daemon is away, and its containers are not.
  if (isOurs) return record === undefined ? 'container' : 'nobody';
  if (origin?.announcers.some(({ isThisHost }) => !isThisHost) === true) return 'elsewhere';
  if (route !== undefined && isLearnt(route.protocol) && !isDefault(route.destination)) return 'elsewhere';
  return record === undefined && origin === undefined ? 'unknown' : 'nobody';
}

/** Whether a routing daemon made a route. */
function isLearnt(protocol: number): boolean {
  return protocolName(protocol) !== String(protocol);
}

function isDefault(destination: string): boolean {
  return destination.endsWith('/0');
}

function announcedPrefix({ address, origin, route, record }: OwnerFacts, state: Owner['state']): string | undefined {
  if (state === 'elsewhere') return origin?.prefix ?? route?.destination;
  if (state !== 'container') return undefined;
  if (origin !== undefined && origin !== null && origin.announcers.length > 0) return origin.prefix;
  return record?.announcement?.isAnnounced === true ? (record.block ?? hostPrefix(address)) : undefined;
}

/** The one announcer knows it to the second; the age of the route begins anew when its next hops change. */
function sinceOf({ origin }: OwnerFacts): string | undefined {
  const [only, ...others] = origin?.announcers ?? [];
  return (others.length === 0 ? only?.since : undefined) ?? origin?.since;
}

function routeField({ route, linkNames }: OwnerFacts): Pick<Owner, 'route'> {
  if (route === undefined) return {};
  const nextHops = route.nextHops.map(({ gateway, linkIndex }) => ({
    gateway,
    link: linkIndex === undefined ? undefined : (linkNames.get(linkIndex) ?? `link ${linkIndex}`),
  }));
  const { destination, metric } = route;
  const protocol = protocolText(route.protocol);
  return { route: { destination, protocol, ...(metric !== undefined && { metric }), nextHops } };
}

function poolField({ record, report }: OwnerFacts): Pick<Owner, 'pool'> {
  const id = record?.lease?.poolId ?? record?.pool;
  if (id === undefined) return {};
  const content = parsePoolId(id);
  const networks = report?.pools.find((pool) => pool.id === id)?.networks ?? [];
  return { pool: { prefix: content?.subPool ?? content?.prefix ?? id, networks } };
}

function unaskedOf({ record, origin, stuckDaemons }: OwnerFacts): string[] {
  return [
    ...(record === undefined
      ? ['routed-plugin does not answer on this host: whether a container of it has the address, and of which network']
      : []),
    ...(stuckDaemons.length > 0 ? [`${stuckDaemons.join(', ')} did not answer in time`] : []),
    ...(origin === undefined && stuckDaemons.length === 0
      ? ['no router answers on this host: who announces the address, and since when']
      : []),
  ];
}
