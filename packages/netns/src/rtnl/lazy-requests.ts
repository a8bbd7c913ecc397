import type { Channel } from '../socket/channel.ts';
import type { BridgeVlans, ForwardingDatabase } from '../types/bridge.ts';
import type { NamespaceIds } from '../types/namespace-ids.ts';
import type { NextHops } from '../types/next-hop-object.ts';
import type { RareRequests } from '../types/rtnl.ts';
import type { VirtualFunctions } from '../types/virtual-functions.ts';

/** A service whose code is loaded at its first call: few programs need it, and every program pays for what is loaded. */
function lazily<Service extends object>(
  names: readonly (keyof Service & string)[],
  load: () => Promise<Service>,
): Service {
  type Method = (...args: unknown[]) => Promise<unknown>;
  const call =
    (name: keyof Service & string): Method =>
    async (...args) => {
      const service = await load();
      return (service[name] as Method).apply(service, args);
    };
  return Object.fromEntries(names.map((name) => [name, call(name)])) as Service;
}

/** Requests that few programs make. */
export class LazyRequests implements RareRequests {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  get nextHops(): NextHops {
    return lazily(['add', 'replace', 'delete', 'get', 'list'], async () => {
      const { KernelNextHops } = await import('./kernel-next-hops.ts');
      return new KernelNextHops(this.#channel);
    });
  }

  get fdb(): ForwardingDatabase {
    return lazily(['add', 'append', 'replace', 'delete', 'list'], async () => {
      const { KernelForwarding } = await import('./kernel-forwarding.ts');
      return new KernelForwarding(this.#channel);
    });
  }

  get bridgeVlans(): BridgeVlans {
    return lazily(['add', 'delete', 'list'], async () => {
      const { KernelBridgeVlans } = await import('./kernel-bridge-vlans.ts');
      return new KernelBridgeVlans(this.#channel);
    });
  }

  get namespaceIds(): NamespaceIds {
    return lazily(['get', 'assign', 'list'], async () => {
      const { KernelNamespaceIds } = await import('./kernel-namespace-ids.ts');
      return new KernelNamespaceIds(this.#channel);
    });
  }

  get virtualFunctions(): VirtualFunctions {
    return lazily(['list', 'set'], async () => {
      const { KernelVirtualFunctions } = await import('./kernel-virtual-functions.ts');
      return new KernelVirtualFunctions(this.#channel);
    });
  }
}
