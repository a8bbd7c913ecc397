import { hostPrefix, MAIN_TABLE } from '@routed/datapath';
import { RouterView, VtyLines } from '@routed/quagga/show';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Arena, Options } from './arena.ts';
import { PORTS } from './end-protocol.ts';

/** Something that is tried with packets. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** Whether there is anything to try. */
  readonly isDue: (arena: Arena) => boolean;
  /** What the endpoints of the two ends have for it. */
  readonly a?: (arena: Arena) => Options;
  readonly b?: (arena: Arena) => Options;
  /**
   * Tries it; answers what there is to say of it.
   *
   * @throws Error when it does not work, with what was seen
   */
  readonly run: (arena: Arena) => Promise<string>;
}

/** Where packets pass at all. */
const whereReached = ({ families }: Arena): boolean => families.length > 0;
const always = (): boolean => true;
/** Headers of IP and UDP. Source: RFC 791, RFC 8200, RFC 768. */
const HEADER_BYTES = { 4: 28, 6: 48 } as const;
/** An address that nobody has: of a range for documentation. Source: RFC 5737. */
const FOREIGN = '203.0.113.77';
/** A name of no public domain: one of those may have no private address. Source: RFC 6761, `test`. */
const NAME = 'b.selftest.test';
/** Slow enough that it shows, and over soon: so many bytes take {@link LIMITED_MS} at least. */
const LIMIT = { rate: '16mbit', burst: '32k', sizeBytes: 700_000, leastMs: 200 } as const;
/** How long a router may take to hear of a route. */
const ROUTER_MS = 10_000;
const ROUTER_PAUSE_MS = 200;
const HOST_MS = 5_000;
/** It may have to hear of the address first. */
const PEER_MS = 10_000;

/** In the order in which they are tried: the plain ones first. */
export const CHECKS: readonly Check[] = [
  ...([4, 6] as const).map((family): Check => ({
    id: `ipv${family}`,
    title: `IPv${family} between two containers, UDP and TCP`,
    isDue: ({ families }) => families.includes(family),
    run: async (arena: Arena): Promise<string> => {
      try {
        return await reach(arena, family);
      } catch (error) {
        arena.giveUp(family);
        throw error;
      }
    },
  })),
  { id: 'host', title: 'from the host to a container', isDue: whereReached, run: reachFromHost },
  { id: 'mtu', title: 'packets as large as the MTU', isDue: whereReached, run: fillMtu },
  {
    id: 'table',
    title: 'routes in the right table, none announced that should not be',
    isDue: always,
    run: lookAtTable,
  },
  {
    id: 'router',
    title: 'announced by the router of this host',
    isDue: ({ deps }) => deps.spare === undefined,
    run: askRouter,
  },
  {
    id: 'peer',
    title: 'to another host and back',
    isDue: ({ deps, families }) => deps.peer !== undefined && families.length > 0,
    run: reachPeer,
  },
  {
    id: 'spoof',
    title: 'no packets from addresses of others',
    isDue: ({ families }) => families.includes(4),
    a: () => ({ 'routed.spoof': 'strict' }),
    run: spoof,
  },
  {
    id: 'additional',
    title: 'an additional address (routed.addresses)',
    isDue: ({ deps, families }) => deps.spare !== undefined && families.includes(4),
    a: ({ deps }) => ({ 'routed.addresses': deps.spare ?? '' }),
    run: async (arena: Arena): Promise<string> => {
      const to = arena.deps.spare ?? '';
      expectNone(await arena.connects('b', to), `a connection to ${to}`);
      return to;
    },
  },
  {
    id: 'ingress',
    title: 'a list of who may enter (routed.ingress)',
    isDue: whereReached,
    b: (arena) => ({ 'routed.ingress': listOf(arena, 'a') }),
    run: tryList,
  },
  {
    id: 'egress',
    title: 'a list of where to go (routed.egress)',
    isDue: whereReached,
    a: (arena) => ({ 'routed.egress': listOf(arena, 'b') }),
    run: tryList,
  },
  {
    id: 'names',
    title: 'a list with a name (routed.egress, routed.dns)',
    isDue: ({ families }) => families.includes(4),
    a: (arena) => ({ 'routed.egress': `${NAME}:${PORTS.listed}/tcp`, 'routed.dns': arena.addressOf('b', 4) }),
    run: goByName,
  },
  {
    id: 'limit',
    title: 'a rate limit (routed.rate-in)',
    isDue: whereReached,
    b: () => ({ 'routed.rate-in': `${LIMIT.rate} burst ${LIMIT.burst}` }),
    run: measureLimit,
  },
];

async function reach(arena: Arena, family: 4 | 6): Promise<string> {
  for (const [from, to] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    const address = arena.addressOf(to, family);
    if (!(await arena.exchanges(from, address))) throw new Error(`${address} does not answer a datagram`);
    expectNone(await arena.connects(from, address), `a connection to ${address}`);
  }
  return `${arena.addressOf('a', family)} and ${arena.addressOf('b', family)}`;
}

async function reachFromHost(arena: Arena): Promise<string> {
  const host = arena.addressOf('a');
  const socket = connect({ host, port: PORTS.listed }).setTimeout(HOST_MS);
  socket.once('timeout', () => socket.destroy(new Error('no answer')));
  try {
    socket.end('selftest');
    const arrived = await text(socket);
    if (arrived !== '8') throw new Error(`${arrived} of 8 bytes arrived`);
  } catch (error) {
    throw new Error(`${host} does not answer the host: ${(error as Error).message}`, { cause: error });
  } finally {
    socket.destroy();
  }
  return host;
}

async function fillMtu(arena: Arena): Promise<string> {
  const status = await arena.deps.status();
  const mtuBytes = status.networks.find(({ id }) => id === arena.deps.network.id)?.mtuBytes ?? status.mtuBytes;
  const link = await arena.deps.ends.a.rtnl.links.get({ name: 'eth0' });
  if (link?.mtuBytes !== mtuBytes)
    throw new Error(`the container's link has an MTU of ${link?.mtuBytes}, not ${mtuBytes}`);
  for (const family of arena.families) {
    const sizeBytes = mtuBytes - HEADER_BYTES[family];
    const isThrough = await arena.exchanges('a', arena.addressOf('b', family), PORTS.listed, sizeBytes);
    if (!isThrough) throw new Error(`a packet of ${mtuBytes} bytes does not pass by IPv${family}`);
  }
  return `${mtuBytes} bytes`;
}

/** Whether the main table, which routers read, has what the daemon says it announces, and nothing else. */
async function lookAtTable(arena: Arena): Promise<string> {
  const isAnnounced = await announcementOf(arena);
  const routes = await arena.deps.host.routes.list({ table: MAIN_TABLE });
  for (const family of arena.families) {
    const destination = hostPrefix(arena.addressOf('a', family));
    const isThere = routes.some((route) => route.destination === destination);
    if (isThere && !isAnnounced) throw new Error(`${destination} is in the main table, and routers announce it`);
    if (!isThere && isAnnounced) throw new Error(`${destination} is not in the main table: no router announces it`);
  }
  return isAnnounced ? 'main table' : 'not announced';
}

async function announcementOf(arena: Arena): Promise<boolean> {
  const { endpoints } = await arena.deps.status();
  const found = endpoints.find(({ id }) => id === arena.endpointOf('a'));
  if (found === undefined) throw new Error('the daemon does not know the endpoint');
  return found.announcement?.isAnnounced ?? false;
}

async function askRouter(arena: Arena): Promise<string> {
  if (!(await announcementOf(arena))) return 'the network announces only what Docker says is ready: not tried';
  const lines = new VtyLines([arena.deps.routerDir]);
  try {
    const view = new RouterView({ lines });
    const deadline = performance.now() + ROUTER_MS;
    for (;;) {
      const heard = await view.announcements(arena.addressOf('a'));
      if (heard === undefined) return 'no router runs here: not tried';
      if (heard.announcedBy.length > 0) return `${heard.announcedBy.join(', ')}, heard by ${heard.neighbors} neighbors`;
      if (performance.now() > deadline) throw new Error(silence(arena.addressOf('a'), heard));
      await sleep(ROUTER_PAUSE_MS);
    }
  } finally {
    await lines.close();
  }
}

function silence(address: string, heard: { readonly daemons: readonly string[]; readonly isKnown: boolean }): string {
  const where = heard.isKnown ? 'zebra has its route' : 'zebra has no route to it';
  return `${heard.daemons.join(', ')} do not announce ${address}: ${where}; see "routed-plugin doctor"`;
}

async function reachPeer(arena: Arena): Promise<string> {
  const peer = arena.deps.peer ?? '';
  const { failed } = await arena.deps.ends.a.do('stream', {
    to: peer,
    port: PORTS.listed,
    sizeBytes: 1,
    timeoutMs: PEER_MS,
  });
  // A host without such a server answers that it has none: packets came there and back.
  if (failed === undefined || failed === 'ECONNREFUSED') return peer;
  throw new Error(
    `${peer} does not answer ${arena.addressOf('a')} (${failed}): "routed-plugin why ${peer}" on both hosts`,
  );
}

async function spoof(arena: Arena): Promise<string> {
  const { a, b } = arena.deps.ends;
  const link = await a.rtnl.links.get({ name: 'eth0' });
  const added = { linkIndex: link?.index ?? 0, address: `${FOREIGN}/32` };
  await a.rtnl.addresses.add(added);
  try {
    const to = arena.addressOf('b', 4);
    await a.do('datagram', { to, port: PORTS.unlisted, from: FOREIGN, sizeBytes: 8, tries: 3, timeoutMs: 50 });
    // What was sent before has come, or will not.
    if (!(await arena.exchanges('a', to, PORTS.unlisted))) throw new Error(`${to} does not answer a datagram`);
    const heard = await b.do('heard', {});
    if (heard.includes(FOREIGN)) throw new Error(`${to} got a packet that claimed to come from ${FOREIGN}`);
  } finally {
    await a.rtnl.addresses.delete(added);
  }
  return `from ${FOREIGN}: refused`;
}

/** Every address of an end, at the port that the lists let pass. */
function listOf(arena: Arena, side: 'a' | 'b'): string {
  return arena.families
    .map((family) => arena.addressOf(side, family))
    .map((address) => (address.includes(':') ? `[${address}]` : address))
    .map((address) => `${address}:${PORTS.listed}/tcp`)
    .join('+');
}

async function tryList(arena: Arena): Promise<string> {
  for (const family of arena.families) {
    const address = arena.addressOf('b', family);
    expectNone(await arena.connects('a', address), `a connection to ${address} that the list allows`);
    if (!(await arena.isRefused('a', address))) throw new Error(`${address} was reached at a port that the list lacks`);
  }
  return 'one port passes, another is refused';
}

async function goByName(arena: Arena): Promise<string> {
  const { a, b } = arena.deps.ends;
  const address = arena.addressOf('b', 4);
  if (!(await arena.isRefused('a', address, PORTS.listed)))
    throw new Error(`${address} was reached before its name was asked for`);
  await b.do('names', { [NAME]: [address] });
  const found = await a.do('resolve', { name: NAME, server: address });
  if (!found.includes(address)) throw new Error(`${NAME} is ${found.join(', ')}, not ${address}`);
  expectNone(await arena.connects('a', address), `a connection to ${NAME}`);
  if (!(await arena.isRefused('a', address))) throw new Error(`${NAME} was reached at a port that the list lacks`);
  return `${NAME} opens ${address}`;
}

async function measureLimit(arena: Arena): Promise<string> {
  const to = arena.addressOf('b');
  const { sizeBytes, leastMs } = LIMIT;
  const { failed, ms } = await arena.deps.ends.a.do('stream', { to, port: PORTS.listed, sizeBytes, timeoutMs: 30_000 });
  expectNone(failed, `a connection to ${to}`);
  const mbit = (sizeBytes * 8) / ms / 1_000;
  if (ms < leastMs)
    throw new Error(
      `${sizeBytes} bytes took ${Math.round(ms)} ms: ${mbit.toFixed(1)} Mbit/s in spite of ${LIMIT.rate}`,
    );
  return `${mbit.toFixed(1)} Mbit/s of ${LIMIT.rate}`;
}

function expectNone(failure: string | undefined, what: string): void {
  if (failure !== undefined) throw new Error(`${what} does not come about: ${failure}`);
}
