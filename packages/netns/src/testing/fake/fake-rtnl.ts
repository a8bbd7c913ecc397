import { NetlinkError } from '../../errors.ts';
import type { Addresses } from '../../types/address.ts';
import type { Links } from '../../types/link.ts';
import type { Neighbours } from '../../types/neighbour.ts';
import type { Routes } from '../../types/route.ts';
import type { Rtnl } from '../../types/rtnl.ts';
import type { Rules } from '../../types/rule.ts';
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
  #isClosed = false;

  constructor(namespace: FakeNamespace) {
    this.links = this.#guarded(new FakeLinks(namespace));
    this.addresses = this.#guarded(new FakeAddresses(namespace));
    this.routes = this.#guarded(new FakeRoutes(namespace));
    this.neighbours = this.#guarded(new FakeNeighbours(namespace));
    this.rules = this.#guarded(new FakeRules(namespace));
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #guarded<Service extends object>(service: Service): Service {
    return new Proxy(service, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown =>
          this.#isClosed ? Promise.reject(closed(String(property))) : Reflect.apply(member, target, args);
      },
    });
  }
}

function closed(operation: string): NetlinkError {
  return new NetlinkError({ code: 'CLOSED', errno: 0, operation, subject: '', reason: 'the connection was closed' });
}
