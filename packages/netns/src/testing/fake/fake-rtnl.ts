import { NetlinkError } from '../../errors.ts';
import { checkedRequests } from '../../rtnl/checked.ts';
import type { Addresses } from '../../types/address.ts';
import type { Links } from '../../types/links.ts';
import type { Neighbours } from '../../types/neighbour.ts';
import type { Routes } from '../../types/route.ts';
import type { BridgeVlans, ForwardingDatabase } from '../../types/bridge.ts';
import type { NamespaceIds } from '../../types/namespace-ids.ts';
import type { NextHops } from '../../types/next-hop-object.ts';
import type { RareRequests, Rtnl, RtnlRequests } from '../../types/rtnl.ts';
import type { Rules } from '../../types/rule.ts';
import type { VirtualFunctions } from '../../types/virtual-functions.ts';
import { FakeAddresses } from './fake-addresses.ts';
import { FakeLinks } from './fake-links.ts';
import { FakeNeighbours } from './fake-neighbours.ts';
import { FakeRoutes } from './fake-routes.ts';
import { FakeRules } from './fake-rules.ts';
import type { FakeNamespace } from './fake-state.ts';

/** A connection to a namespace in memory; after `close` every call rejects with code `CLOSED`. */
export class FakeRtnl implements Rtnl {
  readonly links: Links;
  readonly addresses: Addresses;
  readonly routes: Routes;
  readonly neighbours: Neighbours;
  readonly rules: Rules;
  readonly nextHops: NextHops = lacking('nextHops');
  readonly fdb: ForwardingDatabase = lacking('fdb');
  readonly bridgeVlans: BridgeVlans = lacking('bridgeVlans');
  readonly namespaceIds: NamespaceIds = lacking('namespaceIds');
  readonly virtualFunctions: VirtualFunctions = lacking('virtualFunctions');
  #isClosed = false;

  constructor(namespace: FakeNamespace) {
    const requests = checkedRequests({
      links: new FakeLinks(namespace),
      addresses: new FakeAddresses(namespace),
      routes: new FakeRoutes(namespace),
      neighbours: new FakeNeighbours(namespace),
      rules: new FakeRules(namespace),
    });
    this.links = this.#guarded(requests.links);
    this.addresses = this.#guarded(requests.addresses);
    this.routes = this.#guarded(requests.routes);
    this.neighbours = this.#guarded(requests.neighbours);
    this.rules = this.#guarded(requests.rules);
  }

  batch<T>(ask: (requests: RtnlRequests) => Promise<T>): Promise<T> {
    let last: Promise<unknown> = Promise.resolve();
    const inOrder = <Service extends object>(service: Service): Service =>
      intercept(service, (call) => {
        const done = last.then(call);
        last = done.catch(() => undefined);
        return done;
      });
    return ask({
      links: inOrder(this.links),
      addresses: inOrder(this.addresses),
      routes: inOrder(this.routes),
      neighbours: inOrder(this.neighbours),
      rules: inOrder(this.rules),
    });
  }

  /** Nothing waits here. */
  within(): RtnlRequests & RareRequests {
    return this;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #guarded<Service extends object>(service: Service): Service {
    return intercept(service, (call, method) => (this.#isClosed ? Promise.reject(closed(method)) : call()));
  }
}

/** The service with `around` in the place of each call. */
function intercept<Service extends object>(
  service: Service,
  around: (call: () => Promise<unknown>, method: string) => Promise<unknown>,
): Service {
  return new Proxy(service, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown =>
        around(async () => (await Reflect.apply(member, target, args)) as unknown, String(property));
    },
  });
}

/** What this kernel was built without. */
function lacking<Name extends keyof RareRequests>(object: Name): RareRequests[Name] {
  const refuse = (action: string): Promise<never> => {
    const operation = `${object}.${action}`;
    const reason = 'the fake kernel has none';
    return Promise.reject(new NetlinkError({ code: 'EOPNOTSUPP', errno: 95, operation, subject: '', reason }));
  };
  return new Proxy({} as RareRequests[Name], {
    get: (_, name) => (typeof name === 'string' && name !== 'then' ? () => refuse(name) : undefined),
  });
}

function closed(operation: string): NetlinkError {
  return new NetlinkError({ code: 'CLOSED', errno: 0, operation, subject: '', reason: 'the connection was closed' });
}
