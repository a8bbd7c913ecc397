import { addressBits, bytesOf, type Family, type IpBytes, parseIp } from '@routed/addresses';
import { type AllowEntry, type AllowList, PROTOCOLS } from '../allow-list/allow-list.ts';
import { blockLengths, blocksOf } from '../allow-list/blocks.ts';
import { keyOf, nameField, serviceFields } from '../codec/key.ts';
import { NetfilterError } from '../netfilter-error.ts';

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
  /** `strict`: the container sends from its own addresses only, and claims no others. */
  readonly spoof: 'strict' | 'allow';
}

/** The sets with one element for each link, whatever its filter is made of. */
export const LINK_SETS = {
  /** Links whose senders are checked; counts what was dropped. */
  strict: 'strict',
  /** Links with an allow list; counts what it was asked about. */
  filtered: 'filtered',
  /** Links with an allow list; counts what was refused. */
  refused: 'refused',
  /** Links whose allow list names ports. */
  ported: 'ported',
  /** Links of containers without an IPv6 address: nothing of IPv6 passes, whatever their senders may do. */
  ipv4Only: 'ipv4_only',
} as const;

/** A link's own addresses, and the targets of its neighbour advertisements. */
export const OWN_SETS = { 4: 'own4', 6: 'own6', claims: 'claims6' } as const;

/** The set of sources allowed by prefixes of one length: all their ports, or single ones. */
export function sourceSet(kind: 'from' | 'service', family: Family, length: number): string {
  return `${kind}${family}_${length}`;
}

/** Every set of the table of family `inet`. */
export function inetSets(): string[] {
  const sources = (['from', 'service'] as const).flatMap((kind) =>
    ([4, 6] as const).flatMap((family) =>
      blockLengths(addressBits(family)).map((length) => sourceSet(kind, family, length)),
    ),
  );
  return [...Object.values(LINK_SETS), ...Object.values(OWN_SETS), ...sources];
}

/** Every set of the table of family `arp`. */
export const ARP_SETS: readonly string[] = [LINK_SETS.strict, OWN_SETS[4]];

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
  const own = ownAddresses(filter);
  const isIpv4Only = own.length > 0 && own.every(({ family }) => family === 4);
  return [
    ...(isIpv4Only ? [{ family: 'inet', set: LINK_SETS.ipv4Only, key: name } as const] : []),
    ...(filter.spoof === 'strict' ? senderElements(name, own) : []),
    ...(filter.ingress === undefined ? [] : ingressElements(name, filter.ingress)),
  ];
}

function ownAddresses({ link, addresses }: EndpointFilter): IpBytes[] {
  return addresses.map((address) => {
    const ip = parseIp(address);
    if (ip !== undefined) return ip;
    const reason = `"${address}" is not an IP address: expected such as 10.1.0.2 or fd00:1::2`;
    throw new NetfilterError({ code: 'FILTER_INVALID', operation: `filter of link ${link}`, reason });
  });
}

function senderElements(name: Uint8Array, own: readonly IpBytes[]): Element[] {
  return [
    { family: 'inet', set: LINK_SETS.strict, key: name },
    { family: 'arp', set: LINK_SETS.strict, key: name },
    ...own.flatMap((ip) => addressElements(name, ip)),
  ];
}

function addressElements(name: Uint8Array, { family, bytes }: IpBytes): Element[] {
  const key = keyOf(name, bytes);
  if (family === 4) return (['inet', 'arp'] as const).map((table) => ({ family: table, set: OWN_SETS[4], key }));
  return [OWN_SETS[6], OWN_SETS.claims].map((set) => ({ family: 'inet', set, key }));
}

function ingressElements(name: Uint8Array, { entries }: AllowList): Element[] {
  const isPorted = entries.some(({ service }) => service !== undefined);
  const sets = [LINK_SETS.filtered, LINK_SETS.refused, ...(isPorted ? [LINK_SETS.ported] : [])];
  return [
    ...sets.map((set) => ({ family: 'inet', set, key: name }) as const),
    ...entries.flatMap((entry) => entryElements(name, entry)),
  ];
}

function entryElements(name: Uint8Array, entry: AllowEntry): Element[] {
  const { family, service } = entry;
  const kind = service === undefined ? 'from' : 'service';
  const fields = service === undefined ? [] : serviceFields(PROTOCOLS[service.protocol], service.port);
  return blocksOf(entry).map(({ first, length }) => ({
    family: 'inet',
    set: sourceSet(kind, family, length),
    key: keyOf(name, bytesOf({ family, value: first }), ...fields),
  }));
}
