import { allAddresses, propagationOf } from '@routed/datapath';
import { readFile, readlink } from 'node:fs/promises';
import type { DefaultGateways } from '../calls/default-gateways.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { UnboundLeases } from '../leases/unbound-leases.ts';
import type { Network } from '../networks/network.ts';
import type { LinkObserver } from '../upkeep/reconciler.ts';
import type { DaemonFacts } from './daemon-facts.ts';

/** Docker may take so long between two calls for one container; longer is worth telling. */
const LOOSE_MS = 120_000;

/** What the running daemon knows and `doctor` asks for. */
export class DaemonKnowledge implements LinkObserver {
  readonly #networks: { all(): readonly Network[] };
  readonly #endpoints: { all(): readonly Endpoint[] };
  readonly #loose: Pick<UnboundLeases, 'olderThan'>;
  readonly #settings: KnownSettings;
  #reconciledAt: number | undefined;

  constructor(deps: {
    readonly networks: { all(): readonly Network[] };
    readonly endpoints: { all(): readonly Endpoint[] };
    readonly loose: Pick<UnboundLeases, 'olderThan'>;
    readonly settings: KnownSettings;
  }) {
    this.#networks = deps.networks;
    this.#endpoints = deps.endpoints;
    this.#loose = deps.loose;
    this.#settings = deps.settings;
  }

  /** A round of repairs has looked at the kernel. */
  survey(): void {
    this.#reconciledAt = performance.now();
  }

  /** All of it, as it is now. */
  async collect(): Promise<DaemonFacts> {
    const { mtuBytes, mtuUplink, uplinks, gateways } = this.#settings;
    return {
      mtuBytes,
      ...(mtuUplink === undefined ? {} : { mtuUplink }),
      ...(uplinks === undefined ? {} : { uplinks: [...uplinks] }),
      gateways: [gateways[4], gateways[6]],
      networks: this.#networks.all().map(({ id, mtuBytes: own, pools, prefixes }) => ({
        id,
        ...(own === undefined ? {} : { mtuBytes: own }),
        pools: pools.map(({ prefix, family, gateway }) => ({ prefix, family, gateway })),
        prefixes: prefixes.map(({ prefix }) => prefix),
      })),
      endpoints: this.#endpoints.all().map((endpoint) => ({
        id: endpoint.id,
        networkId: endpoint.networkId,
        addresses: allAddresses(endpoint).map(({ address }) => address),
        isJoined: endpoint.sandboxKey !== undefined,
      })),
      ...(this.#reconciledAt === undefined ? {} : { reconciledMsAgo: performance.now() - this.#reconciledAt }),
      looseAddresses: this.#loose.olderThan(LOOSE_MS).map(({ address }) => address),
      mountNamespace: await readlink('/proc/self/ns/mnt'),
      propagation: propagationOf(await readFile('/proc/self/mountinfo', 'utf8'), '/run/docker/netns') ?? 'private',
    };
  }
}

/** What of the daemon's settings matters here. */
export interface KnownSettings {
  readonly mtuBytes: number;
  /** The uplink whose MTU that is; absent where the operator named one. */
  readonly mtuUplink?: string;
  /** The links that lead off the host, where the operator named them. */
  readonly uplinks?: readonly string[];
  readonly gateways: DefaultGateways;
}
