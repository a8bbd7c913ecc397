import type { Netns } from '../../types/netns.ts';
import { derivedRoutes } from './fake-derived-routes.ts';
import { showLink } from './fake-links.ts';
import { FakeNetns, namespaceOf } from './fake-netns.ts';
import { FakeRtnl } from './fake-rtnl.ts';
import { FakeJournal, FakeNamespace } from './fake-state.ts';
import type { FakeCall, FakeKernel, FakeState } from './types.ts';

class InMemoryKernel extends FakeRtnl implements FakeKernel {
  readonly netns: Netns;
  readonly #journal: FakeJournal;
  #namespaceCount = 0;

  constructor(journal: FakeJournal, namespace: FakeNamespace) {
    super(namespace);
    this.#journal = journal;
    this.netns = this.#handle(namespace);
  }

  get calls(): readonly FakeCall[] {
    return this.#journal.calls;
  }

  createNetns(): Netns {
    return this.#handle(new FakeNamespace(this.#journal));
  }

  inspect(netns: Netns = this.netns): FakeState {
    const namespace = namespaceOf(netns, { operation: 'inspect', subject: netns.identity });
    const { addresses, neighbours, rules, sysctls } = namespace;
    return {
      links: [...namespace.links.values()].map(showLink),
      addresses: [...addresses],
      routes: [...namespace.routes, ...derivedRoutes(namespace)],
      neighbours: [...neighbours],
      rules: [...rules],
      sysctls: new Map(sysctls),
    };
  }

  failNext(operation: string, errno: string): void {
    this.#journal.failNext(operation, errno);
  }

  #handle(namespace: FakeNamespace): Netns {
    return new FakeNetns(namespace, `fake:${++this.#namespaceCount}`, (opened) => new FakeRtnl(opened));
  }
}

/**
 * A kernel in memory, for tests that need neither root nor Linux.
 *
 * It checks arguments and answers errors as the real one does, as far as the conformance suite goes; rules, metrics of
 * a routing protocol, ageing and packets are not simulated. One namespace, with a loopback link that is down, is there.
 */
export function fakeKernel(): FakeKernel {
  const journal = new FakeJournal();
  return new InMemoryKernel(journal, new FakeNamespace(journal));
}
