import { hostPrefix } from '@routed/datapath';
import type { RouterLines, RouterName } from '@routed/quagga/show';
import type { RouterFacts } from './facts.ts';

type Json = Readonly<Record<string, unknown>>;

/** What the routing daemons of this host say of an address; undefined when there is none. */
export async function readRouter(lines: RouterLines, address: string): Promise<RouterFacts | undefined> {
  const ask: Ask = async (daemon, command) => (await lines.ask(daemon, command)) as Json | undefined;
  const isIpv6 = address.includes(':');
  const prefix = hostPrefix(address);
  const zebra = await ask('zebra', `show ${isIpv6 ? 'ipv6' : 'ip'} route ${prefix} json`);
  if (zebra === undefined) return undefined;
  const igp = isIpv6 ? await askOspf6(ask, prefix) : await askOspf(ask, address);
  const bgp = await askBgp(ask, isIpv6 ? 'ipv6' : 'ipv4', prefix);
  const present = [igp, bgp].filter((found) => found !== undefined);
  return {
    daemons: ['zebra', ...present.map(({ daemon }) => daemon)],
    isKnown: listOf(zebra[prefix]).some((entry) => entry['protocol'] === 'kernel'),
    announcedBy: present.filter(({ isAnnounced }) => isAnnounced).map(({ daemon }) => daemon),
    neighbors: present.reduce((sum, { neighbors }) => sum + neighbors, 0),
  };
}

type Ask = (daemon: RouterName, command: string) => Promise<Json | undefined>;
interface Announcement {
  readonly daemon: string;
  readonly isAnnounced: boolean;
  readonly neighbors: number;
}

async function askOspf(ask: Ask, address: string): Promise<Announcement | undefined> {
  const neighbors = await ask('ospfd', 'show ip ospf neighbor json');
  if (neighbors === undefined) return undefined;
  const found = await ask('ospfd', `show ip ospf database external ${address} self-originate json`);
  const isAnnounced = JSON.stringify(found ?? {}).includes(`"linkStateId":"${address}"`);
  return {
    daemon: 'ospfd',
    isAnnounced,
    neighbors: Object.keys((neighbors['neighbors'] as Json | undefined) ?? {}).length,
  };
}

async function askOspf6(ask: Ask, prefix: string): Promise<Announcement | undefined> {
  const neighbors = await ask('ospf6d', 'show ipv6 ospf6 neighbor json');
  if (neighbors === undefined) return undefined;
  const found = await ask('ospf6d', 'show ipv6 ospf6 database as-external self-originated json');
  const isAnnounced = JSON.stringify(found ?? {}).includes(`"${prefix}"`);
  return { daemon: 'ospf6d', isAnnounced, neighbors: listOf(neighbors['neighbors']).length };
}

async function askBgp(ask: Ask, family: 'ipv4' | 'ipv6', prefix: string): Promise<Announcement | undefined> {
  const summary = await ask('bgpd', `show bgp ${family} unicast summary json`);
  if (summary === undefined) return undefined;
  const found = await ask('bgpd', `show bgp ${family} unicast ${prefix} json`);
  const paths = listOf(found?.['paths']);
  const isAnnounced = paths.some((path) => path['sourced'] === true);
  return { daemon: 'bgpd', isAnnounced, neighbors: Object.keys((summary['peers'] as Json | undefined) ?? {}).length };
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}
