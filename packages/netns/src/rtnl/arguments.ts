import {
  type Check,
  type Complaint,
  type Fields,
  among,
  flag,
  list,
  listOf,
  object,
  optional,
  text,
  whole,
} from '../check/check.ts';
import { LINK_FIELDS } from '../check/link-fields.ts';
import { id64 } from '../codec/id64.ts';
import { NETNS_HANDLE } from '../check/options.ts';
import type { Address, AddressFilter, AddressSpec } from '../types/address.ts';
import type { Family, RouteScope } from '../types/common.ts';
import type { RouteEncapsulation } from '../types/encapsulation.ts';
import type {
  Ipv4LinkConf,
  Link,
  LinkChange,
  LinkFilter,
  LinkSelector,
  LinkSpec,
  VethPeerSpec,
  VethSpec,
} from '../types/link.ts';
import type { Neighbour, NeighbourFilter, NeighbourSpec } from '../types/neighbour.ts';
import type { NewRoute, NextHopSpec, Route, RouteFilter, RouteQuery, RouteSpec } from '../types/route.ts';
import type { NumberRange, RuleFilter, RuleSpec } from '../types/rule.ts';
import type { RtnlRequests } from '../types/rtnl.ts';

/** What each request takes, one check an argument, after the operation that its errors name. */
export type Entries<Service> = {
  readonly [Method in keyof Service]: Service[Method] extends (...args: infer Args) => unknown
    ? readonly [operation: string, ...checks: Checks<Args>]
    : never;
};

type Checks<Args extends readonly unknown[]> = {
  readonly [Place in keyof Args]-?: Check<Exclude<Args[Place], undefined>>;
};

const u8 = whole(0, 0xff);
const u16 = whole(0, 0xffff);
const u32 = whole(0, 0xffff_ffff);
const index = whole(1, 0x7fff_ffff);
const family: Check<Family> = among<Family>(4, 6);
const scope: Check<RouteScope> = among('universe', 'site', 'link', 'host', 'nowhere');

/** Names that a list gave out and a deletion may be handed back: told by the compiler to be all there are. */
function namesOf<T>(names: Readonly<Record<keyof T, true>>): readonly string[] {
  return Object.keys(names);
}

const conf = object<Ipv4LinkConf>({
  forwarding: optional(flag),
  acceptRedirects: optional(flag),
  secureRedirects: optional(flag),
  sendRedirects: optional(flag),
  proxyArp: optional(flag),
  proxyArpPvlan: optional(flag),
  rpFilter: optional(among(0, 1, 2)),
  arpFilter: optional(flag),
  arpAnnounce: optional(u32),
  arpIgnore: optional(u32),
  arpAccept: optional(flag),
  arpNotify: optional(flag),
  acceptLocal: optional(flag),
  routeLocalnet: optional(flag),
  logMartians: optional(flag),
});

const link = object<LinkSpec>(LINK_FIELDS);
const addressGeneration = among('eui64', 'none');
const veth = object<VethSpec>({
  ...LINK_FIELDS,
  ipv4Conf: optional(conf),
  ipv6AddressGeneration: optional(addressGeneration),
  peer: object<VethPeerSpec>({
    name: text,
    mtuBytes: optional(u32),
    txQueueLength: optional(u32),
    mac: optional(text),
    netns: optional(NETNS_HANDLE),
  }),
});
const linkChange = object<LinkChange>({
  isUp: optional(flag),
  mtuBytes: optional(u32),
  mac: optional(text),
  name: optional(text),
  alias: optional(text),
  group: optional(u32),
  netns: optional(NETNS_HANDLE),
  masterIndex: optional(u32),
  txQueueLength: optional(u32),
  ipv4Conf: optional(conf),
  ipv6AddressGeneration: optional(addressGeneration),
});
/** Something with a kind; the rest is checked once the kind is loaded. */
const ofKind = (value: unknown, field: string): Complaint | undefined =>
  typeof value === 'object' && value !== null && typeof (value as { kind?: unknown }).kind === 'string'
    ? undefined
    : { field, reason: 'an object with a kind, such as "vlan", is needed' };
const linkFilter = object<LinkFilter>({
  kind: optional(text),
  group: optional(u32),
  masterIndex: optional(index),
});
const linkNames = namesOf<Link>({
  index: true,
  name: true,
  kind: true,
  mac: true,
  mtuBytes: true,
  txQueueLength: true,
  isUp: true,
  hasCarrier: true,
  isRunning: true,
  isLoopback: true,
  alias: true,
  group: true,
  peerIndex: true,
  peerNetnsId: true,
  masterIndex: true,
});
const byIndex = object<{ readonly index: number }>({ index }, linkNames);
const byName = object<{ readonly name: string }>({ name: text }, linkNames);
/** One link, by index or by name; a link that a list gave out will do. */
export const LINK_SELECTOR: Check<LinkSelector> = (value, field): Complaint | undefined =>
  typeof value === 'object' && value !== null && 'index' in value ? byIndex(value, field) : byName(value, field);

/** 4294967295 is for ever, which an absent field means. */
const seconds = whole(1, 0xffff_fffe);
const addressFields: Fields<AddressSpec> = {
  linkIndex: index,
  address: text,
  scope: optional(scope),
  skipDuplicateDetection: optional(flag),
  isDeprecated: optional(flag),
  noPrefixRoute: optional(flag),
  protocol: optional(u8),
  peer: optional(text),
  validSec: optional(seconds),
  preferredSec: optional(whole(0, 0xffff_fffe)),
  broadcast: optional(text),
  label: optional(text),
  routeMetric: optional(u32),
  managesTemporary: optional(flag),
};
/** An address to add; `addMany` checks one by one. */
export const ADDRESS_SPEC: Check<AddressSpec> = object<AddressSpec>(addressFields);
const addressNames = namesOf<Address>({
  linkIndex: true,
  family: true,
  address: true,
  peer: true,
  scope: true,
  label: true,
  isPermanent: true,
  isTentative: true,
  isDuplicate: true,
  isDeprecated: true,
  isSecondary: true,
  skipsDuplicateDetection: true,
  hasNoPrefixRoute: true,
  protocol: true,
  isTemporary: true,
  isOptimistic: true,
  isStablePrivacy: true,
  managesTemporary: true,
  preferredSec: true,
  validSec: true,
  broadcast: true,
  routeMetric: true,
  unknown: true,
});
type AddressKey = Pick<AddressSpec, 'linkIndex' | 'address'>;
const addressKey = object<AddressKey>({ linkIndex: index, address: text }, addressNames);
const addressFilter = object<AddressFilter>({ linkIndex: optional(index), family: optional(family) });

const routeFields: Fields<RouteSpec> = {
  destination: text,
  linkIndex: optional(index),
  gateway: optional(text),
  protocol: optional(u8),
  scope: optional(scope),
  table: optional(u32),
  metric: optional(u32),
  type: optional(among('unicast', 'blackhole', 'unreachable', 'prohibit', 'local', 'throw')),
  source: optional(text),
  onLink: optional(flag),
};
const route = object<NewRoute>({
  ...routeFields,
  nextHops: optional(
    listOf(
      object<NextHopSpec>({
        linkIndex: optional(index),
        gateway: optional(text),
        weight: optional(whole(1, 256)),
        onLink: optional(flag),
        encapsulation: optional<RouteEncapsulation>(ofKind),
      }),
    ),
  ),
  nextHopId: optional(whole(1, 0xffff_ffff)),
  mtuBytes: optional(u32),
  maxSegmentBytes: optional(u32),
  preference: optional(among('high', 'low')),
  encapsulation: optional<RouteEncapsulation>(ofKind),
});
type SaysNotWhichRoute =
  'family' | 'nextHops' | 'flags' | 'mtuBytes' | 'maxSegmentBytes' | 'preference' | 'expiresInSec' | 'encapsulation';
/** A route for some sources only, or of what has no name here, is not deleted by the rest of what it says. */
const routeNames = namesOf<Pick<Route, SaysNotWhichRoute>>({
  family: true,
  nextHops: true,
  flags: true,
  mtuBytes: true,
  maxSegmentBytes: true,
  preference: true,
  expiresInSec: true,
  encapsulation: true,
});
const routeKey = object<RouteSpec>(routeFields, routeNames);
const routeFilter = object<RouteFilter>({
  family: optional(family),
  table: optional(u32),
  protocol: optional(u8),
  linkIndex: optional(index),
});

const neighbour = object<NeighbourSpec>({
  linkIndex: index,
  address: text,
  mac: optional(text),
  isPermanent: optional(flag),
  isProxy: optional(flag),
  protocol: optional(u8),
});
const neighbourNames = namesOf<Neighbour>({
  linkIndex: true,
  family: true,
  address: true,
  mac: true,
  state: true,
  isPermanent: true,
  isProxy: true,
  isRouter: true,
  protocol: true,
  unknown: true,
});
type NeighbourKey = Pick<NeighbourSpec, 'linkIndex' | 'address' | 'isProxy'>;
const neighbourKey = object<NeighbourKey>({ linkIndex: index, address: text, isProxy: optional(flag) }, neighbourNames);
const neighbourFilter = object<NeighbourFilter>({
  linkIndex: optional(index),
  family: optional(family),
  isProxy: optional(flag),
});

const ports = object<NumberRange>({ first: u16, last: u16 });
const rule = object<RuleSpec>({
  family,
  priority: optional(u32),
  table: optional(u32),
  action: optional(among('lookup', 'goto', 'nop', 'blackhole', 'unreachable', 'prohibit')),
  protocol: optional(u8),
  isInverted: optional(flag),
  source: optional(text),
  destination: optional(text),
  inputLink: optional(text),
  outputLink: optional(text),
  mark: optional(u32),
  markMask: optional(u32),
  uidRange: optional(object<NumberRange>({ first: u32, last: u32 })),
  ipProtocol: optional(u8),
  sourcePorts: optional(ports),
  destinationPorts: optional(ports),
  sourcePortMask: optional(u16),
  destinationPortMask: optional(u16),
  typeOfService: optional(u8),
  dscp: optional(whole(0, 0x3f)),
  dscpMask: optional(whole(0, 0x3f)),
  flowLabel: optional(whole(0, 0xf_ffff)),
  flowLabelMask: optional(whole(0, 0xf_ffff)),
  tunnelId: optional(id64),
  isL3mdev: optional(flag),
  realms: optional(u32),
  suppressPrefixLength: optional(whole(0, 128)),
  suppressGroup: optional(whole(0, 0xffff_fffe)),
  gotoPriority: optional(u32),
});
const ruleFilter = object<RuleFilter>({
  family: optional(family),
  table: optional(u32),
  protocol: optional(u8),
});

/** Every request of a connection. */
export const ARGUMENTS: { readonly [Name in keyof RtnlRequests]: Entries<RtnlRequests[Name]> } = {
  links: {
    createVeth: ['link.create', veth],
    createDummy: ['link.create', link],
    createBridge: ['link.create', link],
    create: ['link.create', ofKind],
    configure: ['link.configure', LINK_SELECTOR, ofKind],
    configurePort: ['link.configurePort', LINK_SELECTOR, ofKind],
    inspect: ['link.inspect', LINK_SELECTOR],
    get: ['link.get', LINK_SELECTOR],
    getPeer: ['link.getPeer', LINK_SELECTOR],
    list: ['link.list', optional(linkFilter)],
    set: ['link.set', LINK_SELECTOR, linkChange],
    delete: ['link.delete', LINK_SELECTOR],
    deleteGroup: ['link.deleteGroup', u32],
  },
  addresses: {
    add: ['address.add', ADDRESS_SPEC],
    replace: ['address.replace', ADDRESS_SPEC],
    delete: ['address.delete', addressKey],
    list: ['address.list', optional(addressFilter)],
    addMany: ['address.add', list<AddressSpec>()],
  },
  routes: {
    add: ['route.add', route],
    replace: ['route.replace', route],
    delete: ['route.delete', routeKey],
    get: ['route.get', text, optional(object<RouteQuery>({ exact: optional(flag), mark: optional(u32) }))],
    list: ['route.list', optional(routeFilter)],
  },
  neighbours: {
    add: ['neighbour.add', neighbour],
    replace: ['neighbour.replace', neighbour],
    resolve: [
      'neighbour.resolve',
      object<Pick<NeighbourKey, 'linkIndex' | 'address'>>({ linkIndex: index, address: text }, neighbourNames),
    ],
    delete: ['neighbour.delete', neighbourKey],
    list: ['neighbour.list', optional(neighbourFilter)],
  },
  rules: {
    add: ['rule.add', rule],
    delete: ['rule.delete', rule],
    list: ['rule.list', optional(ruleFilter)],
  },
};
