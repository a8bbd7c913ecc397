import { setTimeout as sleep } from 'node:timers/promises';
import { formatIp, type IpBytes, parseIp } from '@routed/addresses';
import {
  buildConnectionDelete,
  buildConnectionDump,
  buildConnectionFlush,
  buildConnectionMark,
  type Connection,
  type ConnectionTuple,
  type Direction,
  type KernelFilter,
} from '@routed/netns/conntrack';
import type { Nfnetlink } from '@routed/netns/nfnetlink';
import type { AllowList, Direction as ListDirection } from '../allow-list/allow-list.ts';
import { entryThatAllows } from '../allow-list/allows.ts';
import { addressKey, decodeConnectionOf, decodeLiveResponder, decodeOpenConnectionOf } from '../codec/conntrack.ts';
import { CONNECTION_MARKS } from '../marks/marks-script.ts';

/**
 * The connections that the kernel tracks, and lets pass without asking an allow list again.
 *
 * Starts no process. The kernel looks at every connection of the host for each request, off the event loop; only those that are
 * meant come to this process.
 */
export interface Connections {
  /**
   * Forgets the connections from and to addresses, whoever began them: their next packets are first packets.
   *
   * @throws NetlinkError
   */
  forget(addresses: readonly string[]): Promise<void>;
  /**
   * Forgets the connections that others began to addresses (`ingress`), or that were begun from them (`egress`), and that a list does
   * not allow now. Call it once the list holds.
   *
   * A packet that was on its way back makes the kernel take its sender for the one who began: such connections are looked for again,
   * for half a second at most.
   *
   * @returns how many
   * @throws NetlinkError
   */
  forgetRefused(addresses: readonly string[], list: AllowList, direction?: ListDirection): Promise<number>;
  /**
   * Counts the live connections that others opened to each address, without those that {@link CONNECTION_MARKS} say another host
   * answers. Leaves out what is not an address.
   *
   * A TCP connection is live while one side can still send: half-closed counts, SYN_SENT, LAST_ACK, TIME_WAIT and CLOSE do not. Other protocols count from the first answer until the kernel's entry expires: for UDP 30 s after the last
   * packet, for a longer exchange 120 s. ICMP never counts. If the kernel saw a packet of the container first, it takes the
   * connection for the container's own.
   *
   * @throws NetlinkError
   */
  count(addresses: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * Sets bits of the mark of every connection that others opened to addresses and that has not ended. The other bits stay.
   *
   * @param bits 1 to 4294967295
   * @throws NetlinkError
   */
  mark(addresses: readonly string[], bits: number): Promise<void>;
}

/** Of connections that another host answers, or that nobody has answered yet. */
const OTHERS_BITS = CONNECTION_MARKS.opened | CONNECTION_MARKS.elsewhere;

const WAYS = ['original', 'reply'] as const;

/** Up to so many addresses the kernel is asked for each; beyond that, to look through all connections once is cheaper. */
const FEW = 4;

/** How often, and after what pauses, connections are looked for that a late answer has turned round. */
const PASSES = 5;
const PAUSE_MS = 100;

/** Creates {@link Connections}. `nfnetlink` should not be the one of the filters: a request here takes some milliseconds. */
export function createConnections(deps: { readonly nfnetlink: Nfnetlink }): Connections {
  return new KernelConnections(deps.nfnetlink);
}

class KernelConnections implements Connections {
  readonly #nfnetlink: Nfnetlink;
  /** Whether the kernel finds and deletes by itself. */
  #canFlush = true;

  constructor(nfnetlink: Nfnetlink) {
    this.#nfnetlink = nfnetlink;
  }

  async forget(addresses: readonly string[]): Promise<void> {
    const { ipv4, ipv6 } = addressesOf(addresses);
    const isDone = this.#canFlush && ipv4.length <= FEW && (await this.#flush(ipv4));
    if (!isDone) await this.#delete(await this.#between(ipv4, WAYS));
    await this.#delete(await this.#between(ipv6, WAYS));
  }

  async forgetRefused(
    addresses: readonly string[],
    list: AllowList,
    direction: ListDirection = 'ingress',
  ): Promise<number> {
    const { ipv4, ipv6 } = addressesOf(addresses);
    const [begun, turnedRound] =
      direction === 'ingress' ? (['reply', 'original'] as const) : (['original', 'reply'] as const);
    const refused = (await this.#all(ipv4, ipv6, begun)).filter(
      (connection) => !isAllowed(connection, list, direction),
    );
    await this.#delete(refused);
    const answers = new Set(refused.map(({ ipProtocol, reply }) => textOf(ipProtocol, reply)));
    for (let pass = 0; pass < PASSES && answers.size > 0; pass++) {
      await sleep(PAUSE_MS, undefined, { ref: false });
      const turned = (await this.#all(ipv4, ipv6, turnedRound)).filter((each) =>
        answers.has(textOf(each.ipProtocol, each.original)),
      );
      if (turned.length === 0) break;
      await this.#delete(turned);
    }
    return refused.length;
  }

  async count(addresses: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { ipv4, ipv6 } = addressesOf(addresses);
    const counts = new Map([...(await this.#responders(ipv4)), ...(await this.#responders(ipv6))]);
    return new Map(
      addresses.flatMap((text) => {
        const address = parseIp(text);
        return address === undefined ? [] : [[text, counts.get(addressKey(address.bytes)) ?? 0]];
      }),
    );
  }

  async mark(addresses: readonly string[], bits: number): Promise<void> {
    const { ipv4, ipv6 } = addressesOf(addresses);
    const found = await this.#all(ipv4, ipv6, 'reply', decodeOpenConnectionOf);
    await this.#each(found, 'mark', (connection) => buildConnectionMark(connection, bits, bits));
  }

  /** The number of live connections by the key of the address that answers, all of one family. */
  async #responders(sources: readonly IpBytes[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    const byKey = new Map(sources.map((source) => [addressKey(source.bytes), source]));
    const [first] = sources;
    if (first === undefined) return counts;
    const purpose = { operation: 'connections.count', subject: `IPv${first.family}` };
    const requests = canFilter([...byKey.values()])
      ? [...byKey].map(([key, source]) => ({
          message: buildConnectionDump(from(source, 'reply')),
          keys: new Set([key]),
        }))
      : [{ message: buildConnectionDump({ family: first.family }), keys: new Set(byKey.keys()) }];
    // A kernel that knows no filter sends all connections: each request counts only the addresses it names.
    for (const { message, keys } of requests) {
      const found = await this.#nfnetlink.dump(message, purpose, (row) => decodeLiveResponder(row, keys, OTHERS_BITS));
      for (const key of found) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  async #all(
    ipv4: readonly IpBytes[],
    ipv6: readonly IpBytes[],
    direction: Direction,
    decode = decodeConnectionOf,
  ): Promise<Connection[]> {
    return [...(await this.#between(ipv4, [direction], decode)), ...(await this.#between(ipv6, [direction], decode))];
  }

  /** False: this kernel cannot. */
  async #flush(sources: readonly IpBytes[]): Promise<boolean> {
    const messages = sources.flatMap((source) =>
      WAYS.map((direction) => buildConnectionFlush(from(source, direction))),
    );
    const [error] = await this.#nfnetlink.each(messages, { operation: 'connections.forget', subject: 'IPv4' });
    if (error === undefined) return true;
    if (error.code !== 'EINVAL' && error.code !== 'EOPNOTSUPP') throw error;
    this.#canFlush = false;
    return false;
  }

  /** The connections of which one of the directions comes from one of the addresses, all of one family. */
  async #between(
    sources: readonly IpBytes[],
    directions: readonly Direction[],
    decode = decodeConnectionOf,
  ): Promise<Connection[]> {
    const [first] = sources;
    if (first === undefined) return [];
    const purpose = { operation: 'connections.list', subject: `IPv${first.family}` };
    const requests = canFilter(sources)
      ? sources.flatMap((source) => directions.map((direction) => buildConnectionDump(from(source, direction))))
      : [buildConnectionDump({ family: first.family })];
    const found: Connection[] = [];
    for (const request of requests) {
      found.push(...(await this.#nfnetlink.dump(request, purpose, (row) => decode(row, sources))));
    }
    const wanted = new Set(sources.map((source) => formatIp(source.bytes)));
    return found.filter((connection) => directions.some((direction) => wanted.has(connection[direction].source)));
  }

  async #delete(connections: readonly Connection[]): Promise<void> {
    await this.#each(connections, 'forget', buildConnectionDelete);
  }

  /** One that has ended meanwhile needs nothing. */
  async #each(
    connections: readonly Connection[],
    verb: 'forget' | 'mark',
    build: (connection: Connection) => Uint8Array,
  ): Promise<void> {
    const purpose = { operation: `connections.${verb}`, subject: `of ${connections.length}` };
    const errors = await this.#nfnetlink.each(connections.map(build), purpose);
    const error = errors.find(({ code }) => code !== 'ENOENT');
    if (error !== undefined) throw error;
  }
}

/** Those of which a direction comes from an IPv4 address. */
function from(address: IpBytes, direction: Direction): KernelFilter {
  return { family: address.family, match: { address, direction, end: 'source' } };
}

/** Whether the kernel looks for the addresses, all of one family: see {@link KernelFilter.match}. */
function canFilter(sources: readonly IpBytes[]): boolean {
  return sources.length <= FEW && sources.every(({ family }) => family === 4);
}

/** Whether the list lets the connection begin. Who answers counts: the destination after a translation. */
function isAllowed({ original, ipProtocol, reply }: Connection, list: AllowList, direction: ListDirection): boolean {
  const peer = parseIp(direction === 'ingress' ? original.source : reply.source);
  const attempt = peer && { peer, protocol: ipProtocol, port: reply.sourcePort ?? 0 };
  return attempt !== undefined && entryThatAllows(list, attempt) !== undefined;
}

/** What tells the packets of one direction from others. */
function textOf(protocol: number, tuple: ConnectionTuple): string {
  const { source, destination, sourcePort = 0, destinationPort = 0 } = tuple;
  return [source, destination, protocol, sourcePort, destinationPort].join(' ');
}

function addressesOf(texts: readonly string[]): { readonly ipv4: IpBytes[]; readonly ipv6: IpBytes[] } {
  const addresses = texts.flatMap((text) => parseIp(text) ?? []);
  return {
    ipv4: addresses.filter(({ family }) => family === 4),
    ipv6: addresses.filter(({ family }) => family === 6),
  };
}
