import { formatPrefix, parseAddress, parseIp, prefixOf } from '@routed/addresses';
import { Document } from 'yaml';
import { afiOf } from '../prefix.ts';
import type { Dialect } from '../dialect.ts';

/** The parts of `ip -j address` and `ip -j route` that a proposal is made from. */
export interface HostFacts {
  readonly addresses: unknown;
  readonly routes: unknown;
}

interface Address {
  readonly link: string;
  readonly address: string;
  readonly length: number;
}

interface Route {
  readonly dst: string;
  /** Several where the route is multipath. */
  readonly links: readonly string[];
  readonly protocol: string;
}

type Json = Readonly<Record<string, unknown>>;

function records(value: unknown): Json[] {
  const items: unknown[] = Array.isArray(value) ? value : [];
  return items.filter((item): item is Json => typeof item === 'object' && item !== null);
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Links that never lead to another router. */
const INNER_LINK = /^(lo|docker|br-|veth|virbr|cni|tun|tap|wg)/;

function globalAddresses(facts: HostFacts): Address[] {
  return records(facts.addresses).flatMap((link) =>
    records(link.addr_info)
      .filter((info) => info.scope === 'global')
      .map((info) => ({ link: text(link.ifname), address: text(info.local), length: Number(info.prefixlen) })),
  );
}

function routesOf(facts: HostFacts): Route[] {
  return records(facts.routes).map((route) => ({
    dst: text(route.dst),
    links: route.nexthops === undefined ? [text(route.dev)] : records(route.nexthops).map(({ dev }) => text(dev)),
    protocol: text(route.protocol),
  }));
}

/** The protocol number under which the plugin installs host routes, and its name where the host knows it. */
const PLUGIN_PROTOCOLS = ['200', 'routed'];
const CLASSIC_CONTAINERS = '10.112.0.0/12';
const PRIVATE_ASN_BASE = 4_200_000_000n;
const PRIVATE_ASN_COUNT = 94_967_294n;

/** The /16 (or /48) around each route that the plugin has announced here already. */
function containersOf(routes: readonly Route[]): string[] {
  const own = routes
    .filter(({ protocol }) => PLUGIN_PROTOCOLS.includes(protocol))
    .map(({ dst }) => dst.split('/')[0] ?? '');
  const around = own.flatMap((address) => {
    const ip = parseIp(address);
    return ip === undefined ? [] : formatPrefix(prefixOf({ ...ip, prefixLength: ip.family === 4 ? 16 : 48 }));
  });
  return around.length === 0 ? [CLASSIC_CONTAINERS] : [...new Set(around)].sort();
}

/** Links that are up, lead off the host, and have no address but IPv6's own: BGP unnumbered needs no more. */
function bareLinks(facts: HostFacts): string[] {
  return records(facts.addresses)
    .filter((link) => link.operstate === 'UP' && link.master === undefined && !INNER_LINK.test(text(link.ifname)))
    .filter((link) => records(link.addr_info).every(({ scope }) => scope === 'link'))
    .map((link) => text(link.ifname));
}

interface Uplinks {
  readonly links: readonly string[];
  /** Names the router. */
  readonly primary: Address;
}

function findUplinks(facts: HostFacts, routes: readonly Route[], protocol: 'ospf' | 'bgp'): Uplinks | undefined {
  const all = globalAddresses(facts);
  const outer = all.filter(({ link }) => !INNER_LINK.test(link));
  const bare = protocol === 'bgp' ? bareLinks(facts) : [];
  const ways = routes.find(({ dst }) => dst === 'default')?.links ?? outer.slice(0, 1).map(({ link }) => link);
  const links = bare.length > 0 ? bare : ways;
  const here = outer.filter(({ link }) => links.includes(link));
  // Without addresses of the links, the router has one of its own.
  const candidates = [...(bare.length > 0 ? all.filter(({ link }) => link === 'lo') : here), ...outer];
  const primary = candidates.find(({ address }) => afiOf(address) === 'ipv4');
  return links.length === 0 || primary === undefined ? undefined : { links, primary };
}

/** A document for this host, with a comment wherever the proposal is a guess. Undefined without an uplink. */
export function proposeDocument(facts: HostFacts, protocol: 'ospf' | 'bgp', dialect: Dialect): string | undefined {
  const routes = routesOf(facts);
  const uplinks = findUplinks(facts, routes, protocol);
  if (uplinks === undefined) return undefined;
  const { links, primary } = uplinks;
  const containers = containersOf(routes);
  const twoParty = primary.length >= 30;
  const ospfPreset = twoParty ? 'p2p' : 'lan';
  const asn = Number(PRIVATE_ASN_BASE + ((parseAddress(primary.address)?.value ?? 0n) % PRIVATE_ASN_COUNT));
  const document = new Document({
    dialect,
    preset: protocol === 'ospf' ? ospfPreset : 'bgp-unnumbered',
    routerId: primary.address,
    containers,
    ...(primary.link === 'lo' && { loopbacks: [`${primary.address}/${primary.length}`] }),
    interfaces: Object.fromEntries(links.map((link) => [link, {}])),
    ...(protocol === 'bgp' ? { bgp: { asn } } : {}),
  });
  const known =
    containers[0] === CLASSIC_CONTAINERS
      ? 'a guess; replace it with the prefixes of your docker networks'
      : 'around the container routes of this host';
  document.commentBefore = ` Proposed by "quagga-config init". Check it: quagga-config check FILE`;
  comment(document, 'routerId', ' must be unique in the routed network');
  comment(document, 'containers', ` ${known}; only routes inside are announced`);
  comment(
    document,
    'interfaces',
    protocol === 'ospf'
      ? ' all routers on this link need the same timers and network type'
      : links.length === 1
        ? ' where the neighbor is'
        : ' where the neighbors are; omit those that lead elsewhere',
  );
  if (protocol === 'bgp') comment(document, 'bgp', ' a private AS number derived from the router id');
  return document.toString();
}

function comment(document: Document, key: string, value: string): void {
  const { contents } = document;
  if (contents === null || !('items' in contents) || !Array.isArray(contents.items)) return;
  const pair = (contents.items as { key?: { value?: unknown; commentBefore?: string } }[]).find(
    (item) => item.key?.value === key,
  );
  if (pair?.key !== undefined) pair.key.commentBefore = value;
}
