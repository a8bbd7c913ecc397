import { attributeSet } from '../attributes/attribute-set.ts';
import { asBe32 } from '../attributes/format.ts';
import { checkArgument } from '../check/argument.ts';
import { object, whole } from '../check/check.ts';
import { u16 } from '../codec/reader.ts';
import type { Netlink, NetlinkRequest } from '../netlink/contract.ts';
import type { Nfnetlink } from '../nfnetlink/contract.ts';
import type { Purpose } from '../socket/channel.ts';
import { CTA_STATS_GLOBAL } from '../uapi/conntrack.ts';
import { NLMSG_HDRLEN } from '../uapi/netlink.ts';
import { NFGENMSG_LENGTH } from '../uapi/nfnetlink.ts';
import { decodeConnection } from './connection.ts';
import { CONNECTION, CONNECTION_FILTER, kernelFilterOf, matcherOf } from './filter.ts';
import {
  buildConnectionDelete,
  buildConnectionDump,
  buildConnectionFlush,
  buildConnectionMark,
  buildStatisticsGet,
} from './messages.ts';
import type { Connection, ConnectionFilter, Conntrack } from './types.ts';

/** So many are told the kernel at once; they make a message of some 100 KB. */
const TOGETHER = 1000;
const bits = whole(0, 0xffff_ffff);
const MARK = object<{ readonly mark: number; readonly mask: number }>({ mark: bits, mask: bits });
const ENTRIES = attributeSet<{ readonly entries?: number }>({ entries: [CTA_STATS_GLOBAL.ENTRIES, asBe32] });

/** {@link Conntrack} over a connection for what is read, and one for what is done many times. */
export class KernelConntrack implements Conntrack {
  readonly #netlink: Netlink;
  readonly #nfnetlink: Nfnetlink;

  /** Takes over both. */
  constructor(netlink: Netlink, nfnetlink: Nfnetlink) {
    this.#netlink = netlink;
    this.#nfnetlink = nfnetlink;
  }

  async *list(filter: ConnectionFilter = {}): AsyncGenerator<Connection, void, undefined> {
    checkArgument(CONNECTION_FILTER, filter, 'conntrack.list');
    const isMeant = matcherOf(filter);
    const request = requestOf(buildConnectionDump(kernelFilterOf(filter)), 'conntrack.list');
    for await (const row of this.#netlink.dump(request)) {
      const connection = decodeConnection(row);
      if (connection !== undefined && isMeant(connection)) yield connection;
    }
  }

  async count(filter: ConnectionFilter = {}): Promise<number> {
    checkArgument(CONNECTION_FILTER, filter, 'conntrack.count');
    if (isEmpty(filter)) return this.#entries();
    let count = 0;
    const found = this.list(filter);
    while ((await found.next()).done !== true) count++;
    return count;
  }

  async flush(filter: ConnectionFilter = {}): Promise<number> {
    checkArgument(CONNECTION_FILTER, filter, 'conntrack.flush');
    if (isEmpty(filter)) {
      const count = await this.#entries();
      await this.#netlink.request(requestOf(buildConnectionFlush(), 'conntrack.flush'));
      return count;
    }
    let count = 0;
    const found: Connection[] = [];
    for await (const connection of this.list(filter)) {
      if (found.push(connection) === TOGETHER) count += await this.#forget(found.splice(0), 'flush');
    }
    return count + (await this.#forget(found, 'flush'));
  }

  async delete(connection: Connection): Promise<boolean> {
    checkArgument(CONNECTION, connection, 'conntrack.delete');
    return (await this.#forget([connection], 'delete')) === 1;
  }

  async setMark(connection: Connection, mark: number, mask = 0xffff_ffff): Promise<boolean> {
    checkArgument(CONNECTION, connection, 'conntrack.setMark');
    checkArgument(MARK, { mark, mask }, 'conntrack.setMark');
    return (await this.#each([connection], 'setMark', (one) => buildConnectionMark(one, mark, mask))) === 1;
  }

  async close(): Promise<void> {
    await Promise.all([this.#netlink.close(), this.#nfnetlink.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #entries(): Promise<number> {
    const [reply] = await this.#netlink.request(requestOf(buildStatisticsGet(), 'conntrack.count'));
    return (reply && ENTRIES.decode(reply.payload.subarray(NFGENMSG_LENGTH)).entries) ?? 0;
  }

  #forget(connections: readonly Connection[], verb: string): Promise<number> {
    return this.#each(connections, verb, buildConnectionDelete);
  }

  /** How many were still there. */
  async #each(
    connections: readonly Connection[],
    verb: string,
    build: (connection: Connection) => Uint8Array,
  ): Promise<number> {
    const purpose: Purpose = { operation: `conntrack.${verb}`, subject: subjectOf(connections) };
    const errors = await this.#nfnetlink.each(connections.map(build), purpose);
    const fault = errors.find(({ code }) => code !== 'ENOENT');
    if (fault !== undefined) throw fault;
    return connections.length - errors.length;
  }
}

/** A message of nfnetlink, taken apart. */
function requestOf(message: Uint8Array, operation: string): NetlinkRequest {
  const end = NLMSG_HDRLEN + NFGENMSG_LENGTH;
  const [header, attributes] = [message.subarray(NLMSG_HDRLEN, end), message.subarray(end)];
  return { type: u16(message, 4), header, attributes, operation, subject: '' };
}

function isEmpty(filter: ConnectionFilter): boolean {
  return Object.values(filter).every((value) => value === undefined);
}

function subjectOf(connections: readonly Connection[]): string {
  const [first, ...others] = connections;
  if (first === undefined || others.length > 0) return `${connections.length} connections`;
  return `${first.original.source} to ${first.original.destination}`;
}
