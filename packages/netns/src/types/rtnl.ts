import type { Addresses } from './address.ts';
import type { BridgeVlans, ForwardingDatabase } from './bridge.ts';
import type { Links } from './links.ts';
import type { NamespaceIds } from './namespace-ids.ts';
import type { Neighbours } from './neighbour.ts';
import type { NextHops } from './next-hop-object.ts';
import type { Routes } from './route.ts';
import type { Rules } from './rule.ts';
import type { VirtualFunctions } from './virtual-functions.ts';

declare global {
  /** Of Node's types, or of the DOM's: declared here for programs that are compiled without either. */
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- merges with theirs
  interface AbortSignal {}
}

/** How to open an {@link Rtnl}. */
export interface RtnlOptions {
  /** Gets one line per message sent and received; costs nothing when absent. */
  readonly trace?: (line: string) => void;
  /**
   * Sockets, which is requests in flight at once; more wait in a queue. Each one in flight occupies a
   * thread of the libuv pool (`UV_THREADPOOL_SIZE`, 4 unless set).
   * @defaultValue 4
   */
  readonly lanes?: number;
  /**
   * Which requests are made on threads. `auto`: those that may take long, and short ones unless the last ones did not wait for a
   * lock; should one wait nevertheless, the event loop waits along. `always`: all that need a lock.
   * @defaultValue `auto`
   */
  readonly threads?: 'auto' | 'always';
}

/** What can be asked of rtnetlink. */
export interface RtnlRequests {
  readonly links: Links;
  readonly addresses: Addresses;
  readonly routes: Routes;
  readonly neighbours: Neighbours;
  readonly rules: Rules;
}

/** What few programs ask for: loaded at the first call, and not in a batch. */
export interface RareRequests {
  readonly nextHops: NextHops;
  readonly fdb: ForwardingDatabase;
  readonly bridgeVlans: BridgeVlans;
  readonly namespaceIds: NamespaceIds;
  readonly virtualFunctions: VirtualFunctions;
}

/** For how long a request may take. */
export interface Limits {
  readonly signal?: AbortSignal;
  /** For each request, the time in the queue included; 0 to 2147483647. */
  readonly timeoutMs?: number;
}

/**
 * A connection to rtnetlink, bound to one network namespace for its whole life.
 *
 * It pins that namespace: a container's namespace is freed only after `close`. What may take long is
 * done on threads; see {@link RtnlOptions.threads} for the rest. Calls that do not await each other may be
 * carried out in any order, and short ones are sent together.
 */
export interface Rtnl extends RtnlRequests, RareRequests, AsyncDisposable {
  /**
   * Sends the requests that `ask` makes before it first waits in as few system calls as possible: one for up to 64
   * messages. The kernel takes them in the order in which they were made. Each has its own outcome, and one that
   * fails does not stop those after it. Lists and route look-ups are sent on their own, and so is what `ask` makes later.
   *
   * `await rtnl.batch(({ links, routes }) => Promise.all([links.set(link, change), routes.replace(route)]))`
   *
   * @returns what `ask` returns
   */
  batch<T>(ask: (requests: RtnlRequests) => Promise<T>): Promise<T>;
  /**
   * The same requests, which wait no longer than they may: then they reject with {@link NetlinkError} `ABORTED` or
   * `ETIMEDOUT`. A request that still waits for a socket is not sent; what the kernel has been told, it does all the same.
   *
   * `await rtnl.within({ timeoutMs: 500 }).routes.list()`
   */
  within(limits: Limits): RtnlRequests & RareRequests;
  /** Finishes what was asked for, then closes; later calls reject with code `CLOSED`. May be repeated. */
  close(): Promise<void>;
}
