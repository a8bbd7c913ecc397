import { openLab, type FrrRelease, type Lab, type RouterConfig } from '@routed/lab';
import { parseDocument, render } from '@routed/quagga';
import { type Announced, blockLength, containersPrefix } from './containers.ts';
import { ScaleRouter } from './scale-router.ts';

export type Protocol = 'ospf' | 'bgp';

export interface FleetOptions {
  readonly protocol: Protocol;
  readonly release: FrrRelease;
  readonly announced: Announced;
  /** How many hosts have routers of their own. */
  readonly hosts: number;
  /** How large the fleet is said to be: guards are sized by it. */
  readonly fleet: { readonly hosts: number; readonly containersPerHost: number };
  /** Whether one more router announces what hosts do that have none of their own. @default false */
  readonly hasStandIn?: boolean;
  /** Routers to each of which every host has a wire; with none, the hosts share a segment (OSPF only). */
  readonly leaves: number;
}

/** Hosts with real routers, on one segment or behind leaves. */
export interface Fleet extends AsyncDisposable {
  readonly hosts: readonly ScaleRouter[];
  readonly standIn: ScaleRouter | undefined;
  /** Who announces routes: the hosts, then the stand-in. */
  readonly members: readonly ScaleRouter[];
  readonly leaves: readonly ScaleRouter[];
  readonly all: readonly ScaleRouter[];
  /** The daemon that speaks to other routers. */
  readonly daemon: 'ospfd' | 'bgpd';
}

/** Routers that are started at once. */
const startsAtOnce = 4;
const firstAsn = 4_200_000_000;
/** 50 ms, as the preset says, would take more than two cores for hundreds of sessions on one machine. */
const slowBfd = { profiles: { fabric: { receiveIntervalMs: 1000, transmitIntervalMs: 1000, detectMultiplier: 5 } } };

type Document = Readonly<Record<string, unknown>>;

/** Opens a fleet whose routers run; they may not have met yet. */
export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const lab = await openLab();
  try {
    const fleet = await (options.leaves === 0 ? openSegmentFleet(lab, options) : openLeafFleet(lab, options));
    const daemon = options.protocol === 'ospf' ? 'ospfd' : 'bgpd';
    return { ...fleet, daemon, [Symbol.asyncDispose]: () => lab.close() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

type Opened = Omit<Fleet, 'daemon' | keyof AsyncDisposable>;

async function openSegmentFleet(lab: Lab, options: FleetOptions): Promise<Opened> {
  const places = memberNames(options).map((name, index) => ({
    name,
    routerId: routerIdOf(index),
    uplink: `10.112.11.${index + 1}/24`,
    release: options.release,
  }));
  const all = await inGroups(places, (place) => ScaleRouter.open(lab, place));
  await inGroups(places, async ({ routerId }, index) => {
    const interfaces = { eth1: { ospf: { network: 'broadcast' } } };
    await all[index]!.start(configure({ preset: 'lan', ...identity(options, routerId), interfaces }));
  });
  const standIn = all[options.hosts];
  return { hosts: all.slice(0, options.hosts), standIn, members: all, leaves: [], all };
}

async function openLeafFleet(lab: Lab, options: FleetOptions): Promise<Opened> {
  const { hosts: count, leaves: leafCount, release, protocol } = options;
  const memberCount = memberNames(options).length;
  const names = [...memberNames(options), ...named('leaf', leafCount)];
  const places = names.map((name, index) => ({ name, release, routerId: routerIdOf(index) }));
  const all = await inGroups(places, (place) => ScaleRouter.open(lab, place));
  const [members, leaves] = [all.slice(0, memberCount), all.slice(memberCount)];
  for (const [port, member] of members.entries())
    for (const [uplink, leaf] of leaves.entries()) {
      const wire = port * leafCount + uplink;
      const address = (end: 0 | 1): string | null => (protocol === 'ospf' ? `${addressOf(2 * wire + end)}/31` : null);
      await lab.addWire(member.linkTo(`eth${uplink + 1}`, address(0)), leaf.linkTo(`swp${port + 1}`, address(1)));
    }
  await inGroups(places, async ({ routerId }, index) => {
    const isMember = index < memberCount;
    const links = isMember ? named('eth', leafCount) : named('swp', memberCount);
    const describe = protocol === 'ospf' ? () => wiredOspf(links) : () => wiredBgp(index, links, isMember, options);
    await all[index]!.start(configure({ ...identity(options, routerId), ...describe() }));
  });
  return { hosts: members.slice(0, count), standIn: members[count], members, leaves, all };
}

function memberNames({ hosts, hasStandIn = false }: FleetOptions): string[] {
  return [...named('h', hosts), ...(hasStandIn ? ['rest'] : [])];
}

/** Of its own loopback address. */
function routerIdOf(index: number): string {
  return `10.127.0.${index + 1}`;
}

function identity({ announced, fleet, protocol }: FleetOptions, routerId: string): Document {
  return {
    routerId,
    containers: [containersPrefix],
    ...(protocol === 'bgp' ? { fleet } : {}),
    ...(announced === 'blocks' ? { export: { ipv4Block: blockLength } } : {}),
  };
}

/** Of the ends of wires. */
function addressOf(end: number): string {
  return `10.126.${end >> 8}.${end & 255}`;
}

function wiredOspf(links: readonly string[]): Document {
  return { preset: 'p2p', interfaces: Object.fromEntries(links.map((name) => [name, {}])) };
}

/** The limit per host is for hosts; whoever stands in for many is like a spine. */
function wiredBgp(index: number, links: readonly string[], isMember: boolean, options: FleetOptions): Document {
  const common = { preset: 'bgp-unnumbered', bfd: slowBfd };
  const asn = firstAsn + index;
  if (isMember) return { ...common, interfaces: Object.fromEntries(links.map((name) => [name, {}])), bgp: { asn } };
  const neighbors = links.map((name, port) => ({
    interface: name,
    ...(port < options.hosts ? {} : { peerGroup: 'SPINES' }),
  }));
  const spines = links.length > options.hosts ? { SPINES: { remoteAs: 'external', connectRetrySec: 1 } } : {};
  const peerGroups = { FABRIC: { towards: 'hosts' }, ...spines };
  return { ...common, bgp: { asn, transit: true, neighbors, peerGroups } };
}

function configure(document: Document): RouterConfig {
  const { files, daemons } = render(parseDocument(document, 'frr').model, 'frr');
  return { files, daemons };
}

function named(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
}

/** Works through a list in order, a few at a time. */
async function inGroups<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += startsAtOnce) {
    const group = items.slice(from, from + startsAtOnce);
    results.push(...(await Promise.all(group.map((item, index) => work(item, from + index)))));
  }
  return results;
}
