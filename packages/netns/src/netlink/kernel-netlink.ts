import { type Check, text, object, optional, whole } from '../check/check.ts';
import { asBytes } from '../attributes/format.ts';
import type { NetlinkMessage } from '../codec/reader.ts';
import { MessageWriter, align } from '../codec/writer.ts';
import { NetlinkError } from '../errors.ts';
import { inNetns } from '../netns/in-netns.ts';
import { checkArgument } from '../check/argument.ts';
import { LIMITS } from '../check/options.ts';
import type { NetnsWithFd } from '../rtnl/netns-fd.ts';
import type { Purpose } from '../socket/channel.ts';
import { Limit, withinLimits } from '../socket/limit.ts';
import { NetlinkSocket } from '../socket/netlink-socket.ts';
import { openGroupsSocket } from '../socket/open-socket.ts';
import type { Sys } from '../sys/sys.ts';
import type { Limits } from '../types/rtnl.ts';
import { NLMSG_HDRLEN } from '../uapi/netlink.ts';
import type { Netlink, NetlinkRequest } from './contract.ts';

/** More are opened when more requests are under way, and closed after them. */
const MOST_IDLE = 4;

const REQUEST: Check<NetlinkRequest> = object<NetlinkRequest>({
  type: whole(0, 0xffff),
  flags: optional(whole(0, 0xffff)),
  header: optional(asBytes.check),
  attributes: optional(asBytes.check),
  operation: optional(text),
  subject: optional(text),
});

/** {@link Netlink} over sockets, one for each request that is under way. */
export class KernelNetlink implements Netlink {
  readonly #sys: Sys;
  readonly #netns: NetnsWithFd;
  readonly #protocol: number;
  readonly #idle: NetlinkSocket[] = [];
  #isClosed = false;

  /** Takes over `netns`. */
  constructor(sys: Sys, netns: NetnsWithFd, protocol: number) {
    this.#sys = sys;
    this.#netns = netns;
    this.#protocol = protocol;
  }

  /** Opens the first socket. @throws {@link NetnsError} `FAILED` on a kernel without the family */
  async prepare(): Promise<void> {
    this.#giveBack(await this.#take({ operation: 'netlink.open', subject: '' }));
  }

  async request(request: NetlinkRequest, limits: Limits = {}): Promise<readonly NetlinkMessage[]> {
    const { message, purpose } = prepare(request);
    checkArgument(LIMITS, limits, purpose.operation);
    return withinLimits(limits, purpose, async (limit) => {
      const replies: NetlinkMessage[] = [];
      const socket = await this.#take(purpose);
      try {
        limit.check();
        await socket.request(message, purpose, (reply) => replies.push(kept(reply)));
        return replies;
      } finally {
        this.#giveBack(socket);
      }
    });
  }

  async *dump(request: NetlinkRequest, limits: Limits = {}): AsyncGenerator<NetlinkMessage, void, undefined> {
    const { message, purpose } = prepare(request);
    checkArgument(LIMITS, limits, purpose.operation);
    const limit = new Limit(limits, purpose);
    try {
      limit.check();
      const socket = await this.#take(purpose);
      const rows = socket.rows(message, purpose);
      try {
        // Row by row takes longer.
        if (Object.keys(limits).length === 0) yield* rows;
        else yield* inTime(rows, limit);
      } finally {
        // What the kernel still says is read to its end before the socket is used again.
        const ended = rows.return().finally(() => this.#giveBack(socket));
        if (limit.isReached) ended.catch(() => undefined);
        else await ended;
      }
    } finally {
      limit.lift();
    }
  }

  close(): Promise<void> {
    this.#isClosed = true;
    for (const socket of this.#idle.splice(0)) socket.close();
    return this.#netns.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #take(purpose: Purpose): Promise<NetlinkSocket> {
    if (this.#isClosed) {
      throw new NetlinkError({ code: 'CLOSED', errno: 0, ...purpose, reason: 'the connection was closed' });
    }
    const open = (): number => openGroupsSocket(this.#sys, this.#protocol);
    return (
      this.#idle.pop() ??
      this.#netns.lendFd((fd) => Promise.resolve(new NetlinkSocket(this.#sys, inNetns<number>(this.#sys, fd, open))))
    );
  }

  #giveBack(socket: NetlinkSocket): void {
    if (this.#isClosed || this.#idle.length === MOST_IDLE) socket.close();
    else this.#idle.push(socket);
  }
}

async function* inTime<T>(rows: AsyncGenerator<T, void, undefined>, limit: Limit): AsyncGenerator<T, void, undefined> {
  for (;;) {
    limit.check();
    const { done, value } = await limit.race(rows.next());
    if (done === true) return;
    yield value;
  }
}

/** A copy of a message that is valid until the next is received. */
function kept({ type, flags, sequence, portId, payload }: NetlinkMessage): NetlinkMessage {
  return { type, flags, sequence, ...(portId !== undefined && { portId }), payload: payload.slice() };
}

/** The message, and what its errors say of it. @throws {@link NetlinkError} `EINVAL` */
function prepare(request: NetlinkRequest): { readonly message: Uint8Array; readonly purpose: Purpose } {
  checkArgument(REQUEST, request, 'netlink.request');
  const { type, flags = 0, operation = 'netlink.request', subject = `type ${type}` } = request;
  const { header = new Uint8Array(0), attributes = new Uint8Array(0) } = request;
  const headerBytes = align(header.length);
  const writer = new MessageWriter(type, flags, NLMSG_HDRLEN + headerBytes + attributes.length);
  const message = writer.bytes(header, headerBytes).bytes(attributes).finish();
  return { message, purpose: { operation, subject, headerBytes } };
}
