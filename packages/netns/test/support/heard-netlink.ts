import type { NetlinkMessage } from '../../src/codec/reader.ts';
import type { Netlink, NetlinkRequest } from '../../src/netlink/contract.ts';

/** A connection that keeps what it is asked, and answers each request with the object that it names. */
export class HeardNetlink implements Netlink {
  readonly requests: NetlinkRequest[] = [];

  /** Header and attributes of the last request. */
  get payload(): Uint8Array {
    const { header = new Uint8Array(0), attributes = new Uint8Array(0) } = this.requests.at(-1)!;
    return new Uint8Array(Buffer.concat([header, attributes]));
  }

  request(request: NetlinkRequest): Promise<readonly NetlinkMessage[]> {
    this.requests.push(request);
    return Promise.resolve([{ type: request.type, flags: 0, sequence: 1, payload: this.payload }]);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a generator that gives out nothing
  async *dump(request: NetlinkRequest): AsyncGenerator<NetlinkMessage, void, undefined> {
    this.requests.push(request);
    yield* [];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
