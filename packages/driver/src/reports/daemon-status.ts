import { allAddresses, type HostNetworkSetup, linkNames, type LinkReaper } from '@routed/datapath';
import type { Ipam } from '@routed/ipam';
import type { ConflictCounters } from '../leases/conflict-counters.ts';
import { type Conflict, describeConflict } from '../conflicts/conflict.ts';
import type { Conflicts } from '../conflicts/conflicts.ts';
import type { AssignmentKeeper } from '../containers/assignment-keeper.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { Network } from '../networks/network.ts';
import type { Absence } from '../endpoints/absence.ts';
import type { StaleEndpoints, StaleCounts } from '../upkeep/stale-endpoints.ts';
import { describeHiddenRoute, type HiddenRoutes } from '../upkeep/hidden-routes.ts';
import type { ReconcileReporter, RoundReport } from '../upkeep/reconcile-reporter.ts';
import type { SandboxReconciler } from '../sandboxes/sandbox-reconciler.ts';
import type { MeteredState } from './metered-state.ts';

/** A network as the daemon knows it. */
export interface NetworkStatus {
  readonly id: string;
  readonly mtuBytes: number;
  readonly pools: readonly {
    readonly prefix: string;
    readonly gateway: string;
    readonly leased: number;
    readonly size: string;
  }[];
  /** Prefixes that additional addresses may come from as well. */
  readonly prefixes: readonly string[];
  readonly endpoints: number;
}

/** An endpoint as the daemon knows it. */
export interface EndpointStatus {
  readonly id: string;
  readonly networkId: string;
  readonly link: string;
  readonly addresses: readonly string[];
  readonly mac: string;
  readonly gateways: readonly string[];
  /** Absent: the endpoint is in no container now. */
  readonly sandboxKey?: string;
}

/** What the daemon knows of itself. */
export interface DaemonReport {
  readonly version: string;
  readonly pid: number;
  readonly uptimeSec: number;
  readonly mtuBytes: number;
  readonly gateways: Readonly<Record<'4' | '6', string>>;
  /** What is wrong, for people; empty is good. */
  readonly problems: readonly string[];
  readonly networks: readonly NetworkStatus[];
  readonly endpoints: readonly EndpointStatus[];
  /** What Docker forgot and was freed. */
  readonly forgotten: StaleCounts;
  /** Addresses that another host announces as well, now. */
  readonly conflicts: readonly Conflict[];
  /** What was met of other hosts' addresses. */
  readonly cluster: ConflictCounters;
  readonly linksToDelete: number;
  /** The last comparison with the kernel. */
  readonly lastRound?: RoundReport;
}

/** What the report is made of. */
interface StatusDeps {
  readonly ipam: Ipam;
  readonly networks: NetworkRegistry;
  readonly endpoints: EndpointLifecycle;
  readonly sandboxReconciler: SandboxReconciler;
  readonly observer: Pick<ReconcileReporter, 'lastRound'>;
  readonly reaper: LinkReaper;
  readonly forgotten: StaleEndpoints;
  readonly sticky: Pick<AssignmentKeeper, 'problems'>;
  readonly conflicts: Pick<Conflicts, 'all'>;
  readonly absence: Pick<Absence, 'withdrawn'>;
  readonly hidden: Pick<HiddenRoutes, 'all'>;
  readonly counts: ConflictCounters;
  readonly host: Pick<HostNetworkSetup, 'problems'>;
  readonly settings: {
    readonly version: string;
    readonly mtuBytes: number;
    readonly gateways: Readonly<Record<'4' | '6', string>>;
  };
}

/** Says how the daemon is. */
export class DaemonStatus implements MeteredState {
  readonly #deps: StatusDeps;

  constructor(deps: StatusDeps) {
    this.#deps = deps;
  }

  report(): DaemonReport {
    const { networks, endpoints, reaper, forgotten, conflicts, counts, observer, settings } = this.#deps;
    const all = endpoints.all();
    const { lastRound } = observer;
    return {
      version: settings.version,
      pid: process.pid,
      uptimeSec: Math.round(process.uptime()),
      mtuBytes: settings.mtuBytes,
      gateways: settings.gateways,
      problems: this.#problems(all),
      networks: networks.all().map((network) => this.#networkStatus(network, all)),
      endpoints: all.map(endpointStatus),
      forgotten: forgotten.counts,
      conflicts: conflicts.all(),
      cluster: { ...counts },
      linksToDelete: reaper.pending,
      ...(lastRound === undefined ? {} : { lastRound }),
    };
  }

  networks(): number {
    return this.#deps.networks.all().length;
  }

  endpoints(): { readonly joined: number; readonly idle: number } {
    const all = this.#deps.endpoints.all();
    const joined = all.filter(({ sandboxKey }) => sandboxKey !== undefined).length;
    return { joined, idle: all.length - joined };
  }

  pools(): Iterable<{ readonly id: string; readonly size: bigint; readonly leased: number }> {
    const { ipam } = this.#deps;
    return ipam.pools().map(({ id }) => ({ id, ...ipam.usage(id) }));
  }

  linksToDelete(): number {
    return this.#deps.reaper.pending;
  }

  forgotten(): StaleCounts {
    return this.#deps.forgotten.counts;
  }

  conflicts(): Readonly<Record<Conflict['state'], number>> {
    const counts = { kept: 0, yielding: 0, yielded: 0 };
    for (const { state } of this.#deps.conflicts.all()) counts[state]++;
    return counts;
  }

  cluster(): Readonly<Record<string, number>> {
    const { counts } = this.#deps;
    return {
      'candidate-skipped': counts.candidatesSkipped,
      'request-refused': counts.requestsRefused,
      'join-refused': counts.joinsRefused,
      'conflict-found': counts.conflictsFound,
      'conflict-ended': counts.conflictsEnded,
      yielded: counts.yielded,
      resumed: counts.resumed,
    };
  }

  #networkStatus({ id, pools, prefixes }: Network, endpoints: readonly Endpoint[]): NetworkStatus {
    const { ipam, networks } = this.#deps;
    return {
      id,
      mtuBytes: networks.mtuOf(id),
      pools: pools.map(({ poolId, prefix, gateway }) => {
        const { leased, size } = ipam.pool(poolId) === undefined ? { leased: 0, size: 0n } : ipam.usage(poolId);
        return { prefix, gateway, leased, size: size.toString() };
      }),
      prefixes: prefixes.map(({ prefix }) => prefix),
      endpoints: endpoints.filter(({ networkId }) => networkId === id).length,
    };
  }

  #problems(endpoints: readonly Endpoint[]): string[] {
    const { networks, sandboxReconciler, conflicts, absence, hidden, observer, sticky, host } = this.#deps;
    const problems = [
      ...host.problems(),
      ...conflicts.all().map(describeConflict),
      ...hidden.all().map(describeHiddenRoute),
      ...sticky.problems(),
    ];
    for (const id of absence.withdrawn()) {
      const why = 'its container seems to have ended while routed-plugin was down; it is freed when Docker says so';
      problems.push(`endpoint ${id.slice(0, 12)}: its addresses are not announced: ${why}, or after some minutes`);
    }
    for (const { id, networkId } of endpoints) {
      const name = `endpoint ${id.slice(0, 12)}`;
      const status = sandboxReconciler.statusOf(id);
      if (status?.state === 'failed') problems.push(`${name}: ${status.reason}`);
      if (networks.get(networkId) === undefined) problems.push(`${name}: its network is not known`);
    }
    const failed = observer.lastRound?.failed ?? 0;
    if (failed > 0) problems.push(`${failed} repairs failed in the last round: see the log`);
    return problems;
  }
}

function endpointStatus(endpoint: Endpoint): EndpointStatus {
  const { id, networkId, mac, addresses, sandboxKey } = endpoint;
  return {
    id,
    networkId,
    link: linkNames(id).host,
    addresses: allAddresses(endpoint).map(({ address }) => address),
    mac,
    gateways: addresses.map(({ gateway }) => gateway),
    ...(sandboxKey === undefined ? {} : { sandboxKey }),
  };
}
