import { addressBits, bytesOf, type Family, type IpBytes, parseIp } from '@routed/addresses';
import {
  type AllowEntry,
  type AllowList,
  type Direction,
  DIRECTIONS,
  PROTOCOLS,
  type Service,
} from '../allow-list/allow-list.ts';
import { blockLengths, blocksOf, portBlocksOf } from '../allow-list/blocks.ts';
import { keyOf, nameField, serviceFields } from '../codec/key.ts';
import { NetfilterError } from '../netfilter-error.ts';
import { NFPROTO } from '../uapi/nf-tables.ts';

/** What is filtered at one container link. */
export interface EndpointFilter {
  /** The host's end. */
  readonly link: string;
  /**
   * The container's own addresses, without prefix length: with IPv6, its link-local one too. Where all are IPv4, nothing of
   * IPv6 passes, whatever `spoof` says.
   */
  readonly addresses: readonly string[];
  /** Who may open connections to the container; absent: everybody. */
  readonly ingress?: AllowList;
  /** Whom the container may open connections to; absent: everybody. */
  readonly egress?: AllowList;
  /** The directions whose list refuses nothing, and only counts what it would refuse; absent: none. */
  readonly observed?: readonly Direction[];
  /**
   * What becomes of connections that `egress` does not list, in a list with names, while nobody reads names (`attend`
   * of the filters): `open` lets them pass. Absent: `closed`.
   */
  readonly whenAway?: 'closed' | 'open';
  /** The container's next hops, which it may ping whatever `egress` says; absent: none. */
  readonly gateways?: readonly string[];
  /**
   * `off`: the kernel does not track what the container exchanges with other hosts, by their uplinks, and with containers of this
   * host that have the same. Lists need tracking: where the filter has one, this counts for nothing. Absent: everything is tracked.
   */
  readonly conntrack?: 'on' | 'off';
  /** `strict`: the container sends from its own addresses only, and claims no others. */
  readonly spoof: 'strict' | 'allow';
}

/** The sets about what a link's container sends. */
export const SENDER_SETS = {
  /** Links whose senders are checked; counts what was dropped. */
  strict: 'strict',
  /** Links of containers without an IPv6 address: nothing of IPv6 passes, whatever their senders may do. */
  ipv4Only: 'ipv4_only',
} as const;

/**
 * The sets of links between which packets are not tracked. Rules look a link up by the name that a packet came by, or by that which the
 * routing table says: to nftables these are two types.
 */
export const UNTRACKED_SETS = {
  /** Containers, as they send. */
  from: 'untracked',
  /** Containers, as they are sent to. */
  to: 'untracked_to',
  /** Uplinks, as others send. */
  uplinks: 'untracked_uplinks',
  /** Containers and uplinks, as containers send to them. */
  between: 'untracked_between',
} as const;

/** The sets with one element for each link that has a list of a direction. */
interface ListSets {
  /** All of these links; counts what the list was asked about. */
  readonly filtered: string;
  /** All of them; counts what was refused. */
  readonly refused: string;
  /** Those whose list only counts. */
  readonly observed: string;
  /** Those whose list names ports. */
  readonly ported: string;
  /** Those whose list names ranges of ports. */
  readonly ranged: string;
}

function listSets(prefix: string): ListSets {
  const named = (set: string): string => prefix + set;
  return {
    filtered: named('filtered'),
    refused: named('refused'),
    observed: named('observed'),
    ported: named('ported'),
    ranged: named('ranged'),
  };
}

/** Those of ingress have no prefix: filters that an earlier release made stay in force while the rules are replaced. */
export const LIST_SETS: Readonly<Record<Direction, ListSets>> = { ingress: listSets(''), egress: listSets('egress_') };

/** A link's own addresses, and the targets of its neighbour advertisements. */
export const OWN_SETS = { 4: 'own4', 6: 'own6', claims: 'claims6' } as const;

/** The next hops of links with a list of egress. */
export const GATEWAY_SETS = { 4: 'gateways4', 6: 'gateways6' } as const;

/** What is open by name for a while: links whose lists have names, and destinations, with all their ports or with single ones. */
export const NAME_SETS = {
  links: 'egress_named',
  openWhenAway: 'egress_open_when_away',
  any: { 4: 'named4', 6: 'named6' },
  service: { 4: 'named_target4', 6: 'named_target6' },
} as const;

/** Links that are open while nobody reads names: what `nft list set inet TABLE …` shows. */
export const OPEN_WHEN_AWAY_SET: string = NAME_SETS.openWhenAway;

/** Holds both families of IP while somebody reads names: what nobody renews is gone after a while, and rules see that. */
export const ATTENDED_SET = 'names_attended';

/** Where the addresses of names are, with their definitions: elements come and go by time, and belong to no filter. */
export function timedSets(): ReadonlyMap<string, string> {
  return new Map(
    ([4, 6] as const).flatMap((family): [string, string][] => {
      const peer = `type ifname . ${ADDRESS_TYPE[family]}`;
      return [
        [NAME_SETS.any[family], `{ ${peer}; flags timeout; }`],
        [NAME_SETS.service[family], `{ ${peer} . inet_proto . inet_service; flags timeout; }`],
      ];
    }),
  );
}

/** What the sets of allowed peers are called: with all their ports, or with single ones and blocks of ports. */
const PEER_SETS = {
  ingress: { any: 'from', service: 'service' },
  egress: { any: 'to', service: 'target' },
} as const;
type PeerKind = keyof (typeof PEER_SETS)[Direction];

/** The set of peers that prefixes of one length allow: all their ports, or single ones. */
export function peerSet(direction: Direction, kind: PeerKind, family: Family, length: number): string {
  return `${PEER_SETS[direction][kind]}${family}_${length}`;
}

/**
 * What a block of ports has in place of the number of its protocol, by the number of the ports' bits that it fixes. Single ports and
 * blocks are in the same sets: no protocol with ports has the bits of these numbers, so that the exclusive or of both is no other.
 */
export const PORT_BLOCK_MARKS: ReadonlyMap<number, number> = new Map([
  [16, 0],
  [12, 0x40],
  [8, 0x20],
  [4, 0x08],
]);

const ADDRESS_TYPE = { 4: 'ipv4_addr', 6: 'ipv6_addr' } as const;

/** Every set of the table of family `inet`, each with its definition as `nft` reads it. */
export function inetSets(): ReadonlyMap<string, string> {
  const ofLinks = DIRECTIONS.flatMap((direction) =>
    Object.entries<string>({ ...LIST_SETS[direction] }).map(([kind, set]): [string, string] => {
      const counts = kind === 'filtered' || kind === 'refused';
      return [set, counts ? '{ type ifname; counter; }' : '{ type ifname; }'];
    }),
  );
  const families = [4, 6] as const;
  const ofPeers = DIRECTIONS.flatMap((direction) =>
    families.flatMap((family) =>
      blockLengths(addressBits(family)).flatMap((length): [string, string][] => {
        const peer = `type ifname . ${ADDRESS_TYPE[family]}`;
        return [
          [peerSet(direction, 'any', family, length), `{ ${peer}; }`],
          [peerSet(direction, 'service', family, length), `{ ${peer} . inet_proto . inet_service; }`],
        ];
      }),
    ),
  );
  const ofAddresses = families.flatMap((family) =>
    [OWN_SETS[family], GATEWAY_SETS[family]].map((set): [string, string] => [
      set,
      `{ type ifname . ${ADDRESS_TYPE[family]}; }`,
    ]),
  );
  return new Map([
    [SENDER_SETS.strict, '{ type ifname; counter; }'],
    [SENDER_SETS.ipv4Only, '{ type ifname; }'],
    [UNTRACKED_SETS.from, '{ type ifname; }'],
    [UNTRACKED_SETS.uplinks, '{ type ifname; }'],
    [UNTRACKED_SETS.to, '{ typeof fib daddr oifname; }'],
    [UNTRACKED_SETS.between, '{ typeof fib daddr oifname; }'],
    [NAME_SETS.links, '{ type ifname; }'],
    [NAME_SETS.openWhenAway, '{ type ifname; }'],
    ...ofLinks,
    ...ofAddresses,
    [OWN_SETS.claims, '{ typeof iifname . @th,64,128; }'],
    ...ofPeers,
  ]);
}

/** The same of the table of family `arp`. */
export const ARP_SETS: ReadonlyMap<string, string> = new Map([
  [SENDER_SETS.strict, '{ type ifname; counter; }'],
  [OWN_SETS[4], `{ type ifname . ${ADDRESS_TYPE[4]}; }`],
]);

/** An element of a set of ours. */
export interface Element {
  readonly family: 'inet' | 'arp';
  readonly set: string;
  readonly key: Uint8Array;
}

/**
 * The elements that a filter is made of. Pure.
 *
 * @throws NetfilterError FILTER_INVALID for what is not an address
 */
export function elementsOf(filter: EndpointFilter): Element[] {
  const name = nameField(filter.link);
  const own = readAddresses(filter, filter.addresses);
  const isIpv4Only = own.length > 0 && own.every(({ family }) => family === 4);
  return [
    ...(isIpv4Only ? [{ family: 'inet', set: SENDER_SETS.ipv4Only, key: name } as const] : []),
    ...(filter.spoof === 'strict' ? senderElements(name, own) : []),
    ...(isUntracked(filter) ? elementsIn(['from', 'to', 'between'], name) : []),
    ...DIRECTIONS.flatMap((direction) => listElements(name, filter, direction)),
    ...(filter.egress === undefined ? [] : gatewayElements(name, filter)),
  ];
}

/** What decides whether packets are tracked: lists, in whatever form they are, and what was asked for. */
interface Tracking {
  readonly conntrack?: EndpointFilter['conntrack'];
  readonly ingress?: unknown;
  readonly egress?: unknown;
}

/** Whether packets of a link are not tracked: lists need tracking. Pure. */
export function isUntracked({ conntrack, ingress, egress }: Tracking): boolean {
  return conntrack === 'off' && ingress === undefined && egress === undefined;
}

/** The elements of an uplink, by which untracked packets may come and go. Pure. */
export function uplinkElements(link: string): Element[] {
  return elementsIn(['uplinks', 'between'], nameField(link));
}

function elementsIn(sets: readonly (keyof typeof UNTRACKED_SETS)[], key: Uint8Array): Element[] {
  return sets.map((set) => ({ family: 'inet', set: UNTRACKED_SETS[set], key }));
}

function readAddresses({ link }: EndpointFilter, addresses: readonly string[]): IpBytes[] {
  return addresses.map((address) => {
    const ip = parseIp(address);
    if (ip !== undefined) return ip;
    const reason = `"${address}" is not an IP address: expected such as 10.1.0.2 or fd00:1::2`;
    throw new NetfilterError({ code: 'FILTER_INVALID', operation: `filter of link ${link}`, reason });
  });
}

function senderElements(name: Uint8Array, own: readonly IpBytes[]): Element[] {
  return [
    { family: 'inet', set: SENDER_SETS.strict, key: name },
    { family: 'arp', set: SENDER_SETS.strict, key: name },
    ...own.flatMap((ip) => addressElements(name, ip)),
  ];
}

function addressElements(name: Uint8Array, { family, bytes }: IpBytes): Element[] {
  const key = keyOf(name, bytes);
  if (family === 4) return (['inet', 'arp'] as const).map((table) => ({ family: table, set: OWN_SETS[4], key }));
  return [OWN_SETS[6], OWN_SETS.claims].map((set) => ({ family: 'inet', set, key }));
}

function gatewayElements(name: Uint8Array, filter: EndpointFilter): Element[] {
  return readAddresses(filter, filter.gateways ?? []).map(({ family, bytes }) => ({
    family: 'inet',
    set: GATEWAY_SETS[family],
    key: keyOf(name, bytes),
  }));
}

/** Whether a list has ranges of ports. Pure. */
export function hasRanges(list: AllowList | undefined): boolean {
  return [...(list?.entries ?? []), ...(list?.names ?? [])].some(
    ({ service }) => service !== undefined && service.firstPort < service.lastPort,
  );
}

function listElements(name: Uint8Array, filter: EndpointFilter, direction: Direction): Element[] {
  const list = filter[direction];
  if (list === undefined) return [];
  const { filtered, refused, observed, ported, ranged } = LIST_SETS[direction];
  const names = list.names ?? [];
  const services = [...list.entries, ...names].flatMap(({ service }) => service ?? []);
  const sets = [
    filtered,
    refused,
    ...(filter.observed?.includes(direction) === true ? [observed] : []),
    ...(services.length > 0 ? [ported] : []),
    ...(hasRanges(list) ? [ranged] : []),
    ...(names.length > 0 ? [NAME_SETS.links] : []),
    ...(names.length > 0 && filter.whenAway === 'open' ? [NAME_SETS.openWhenAway] : []),
  ];
  return [
    ...sets.map((set) => ({ family: 'inet', set, key: name }) as const),
    ...list.entries.flatMap((entry) => entryElements(name, entry, direction)),
  ];
}

function entryElements(name: Uint8Array, entry: AllowEntry, direction: Direction): Element[] {
  const { family } = entry;
  const kind = entry.service === undefined ? 'any' : 'service';
  const services = serviceKeys(entry);
  return blocksOf(entry).flatMap(({ first, length }) => {
    const set = peerSet(direction, kind, family, length);
    const bytes = bytesOf({ family, value: first });
    return services.map((fields) => ({ family: 'inet', set, key: keyOf(name, bytes, ...fields) }) as const);
  });
}

/** An address that a container may connect to for a while. */
export interface OpenedAddress {
  readonly link: string;
  readonly address: IpBytes;
  /** As in {@link AllowEntry}. */
  readonly service?: Service;
}

/** The elements that an address is opened with. Pure. */
export function openedElements({ link, address, service }: OpenedAddress): Element[] {
  const set = NAME_SETS[service === undefined ? 'any' : 'service'][address.family];
  const name = nameField(link);
  return serviceKeys({ ...(service !== undefined && { service }) }).map((fields) => ({
    family: 'inet',
    set,
    key: keyOf(name, address.bytes, ...fields),
  }));
}

/** What says that somebody reads names. Pure. */
export function attendance(): Element[] {
  return [NFPROTO.ip, NFPROTO.ip6].map((family) => ({
    family: 'inet',
    set: ATTENDED_SET,
    key: Uint8Array.of(family),
  }));
}

/** The end of the keys of an entry: nothing where it allows everything. */
function serviceKeys({ service }: Pick<AllowEntry, 'service'>): (readonly Uint8Array[])[] {
  if (service === undefined) return [[]];
  const protocol = PROTOCOLS[service.protocol];
  return portBlocksOf(service).map(({ first, length }) =>
    serviceFields(protocol ^ (PORT_BLOCK_MARKS.get(length) ?? 0), Number(first)),
  );
}
