import {
  allAddresses,
  type HostNetworkSetup,
  isUntracked,
  linkNames,
  type LinkReaper,
  type NamedDestinations,
  propagationOf,
} from '@routed/datapath';
import type { Ipam } from '@routed/ipam';
import { readFile, readlink } from 'node:fs/promises';
import type { Blocks } from '../blocks/blocks.ts';
import type { DefaultGateways } from '../calls/default-gateways.ts';
import type { ConflictCounters } from '../leases/conflict-counters.ts';
import type { KeptAddresses } from '../leases/kept-addresses.ts';
import type { UnboundLeases } from '../leases/unbound-leases.ts';
import { describeConflict } from '../conflicts/conflict.ts';
import type { Conflicts } from '../conflicts/conflicts.ts';
import type { AssignmentKeeper } from '../containers/assignment-keeper.ts';
import type { Announcer } from '../announcement/announcer.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts, describePorts, type Endpoint } from '../endpoints/endpoint.ts';
import type { NameBook } from '../ground/endpoint-names.ts';
import { finish, gradually, type Steps } from '../ground/steps.ts';
import type { NetworkNames } from '../ground/network-names.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { Network } from '../networks/network.ts';
import { formatRate } from '../networks/rate-text.ts';
import type { Absence } from '../endpoints/absence.ts';
import type { StaleEndpoints } from '../upkeep/stale-endpoints.ts';
import { describeHiddenRoute, type HiddenRoutes } from '../upkeep/hidden-routes.ts';
import type { ReconcileReporter } from '../upkeep/reconcile-reporter.ts';
import type { SandboxReconciler } from '../sandboxes/sandbox-reconciler.ts';
import type { AddressAnnouncements } from './address-announcements.ts';
import type { ListCount, ListCounts } from './list-counts.ts';
import type { DaemonCounts, DaemonReport, DriverReport, NamesReport } from './daemon-report.ts';

/** What the report is made of. */
interface StatusDeps {
  readonly ipam: Ipam;
  readonly networks: NetworkRegistry;
  readonly endpoints: EndpointLifecycle;
  readonly announcer: Pick<Announcer, 'problems' | 'drainCounts'>;
  readonly addressAnnouncements: Pick<AddressAnnouncements, 'of' | 'ofEndpoint'>;
  readonly names: Pick<NameBook, 'of'>;
  readonly networkNames: Pick<NetworkNames, 'of' | 'refresh'>;
  readonly sandboxReconciler: SandboxReconciler;
  readonly observer: Pick<ReconcileReporter, 'lastRound' | 'msSinceRound'>;
  readonly reaper: LinkReaper;
  readonly loose: Pick<UnboundLeases, 'olderThan'>;
  readonly forgotten: StaleEndpoints;
  readonly sticky: Pick<AssignmentKeeper, 'problems'>;
  readonly kept: Pick<KeptAddresses, 'count' | 'ownerOf'>;
  readonly conflicts: Pick<Conflicts, 'all'>;
  readonly absence: Pick<Absence, 'problems' | 'isWithdrawn'>;
  readonly hidden: Pick<HiddenRoutes, 'all'>;
  readonly blocks: Pick<Blocks, 'usage' | 'problems'>;
  readonly counts: ConflictCounters;
  readonly listCounts: Pick<ListCounts, 'all'>;
  readonly host: Pick<HostNetworkSetup, 'problems' | 'isLogging'>;
  readonly named: Pick<NamedDestinations, 'status'>;
  readonly settings: {
    readonly version: string;
    readonly mtuBytes: number;
    readonly mtuUplink?: string;
    readonly uplinks?: readonly string[];
    readonly gateways: DefaultGateways;
  };
}

function closedBy({ ingress, ingressMode, isOwnerPending }: Endpoint): { readonly closedBy?: string } {
  if (isOwnerPending === true) return { closedBy: 'Docker has not said yet which container it is' };
  return ingress === 'none' && ingressMode !== 'observe' ? { closedBy: 'routed.ingress=none' } : {};
}

/** Docker may take so long between two calls for one container; longer is worth telling. */
const LOOSE_MS = 120_000;

/** Says how the daemon is. */
export class DaemonStatus {
  readonly #deps: StatusDeps;

  constructor(deps: StatusDeps) {
    this.#deps = deps;
  }

  /** What metrics tell of. */
  counts(): DaemonCounts {
    const all = this.#deps.endpoints.all();
    return this.#countsOf(all, finish(this.#announcementsOf(all)));
  }

  #countsOf(all: readonly Endpoint[], announcements: DaemonCounts['announcements']): DaemonCounts {
    const { ipam, networks, reaper, forgotten, conflicts, counts, announcer, kept } = this.#deps;
    const numberOf = (rows: typeof announcements): number => rows.reduce((sum, row) => sum + row.endpoints, 0);
    const joined = numberOf(announcements);
    const announced = numberOf(announcements.filter(({ isAnnounced }) => isAnnounced));
    const { drainCounts: drains } = announcer;
    const draining = numberOf(announcements.filter(({ reason }) => reason === 'draining'));
    const untracked = all.filter((endpoint) => endpoint.sandboxKey !== undefined && isUntracked(endpoint)).length;
    const states = { kept: 0, yielding: 0, yielded: 0 };
    for (const { state } of conflicts.all()) states[state]++;
    return {
      totals: {
        networks: networks.all().length,
        joined,
        idle: all.length - joined,
        announced,
        untracked,
        conflicts: states,
      },
      pools: ipam.pools().map(({ id }) => {
        const { leased, size } = ipam.usage(id);
        return { id, leased, kept: kept.count(id), size: Number(size), networks: this.#namesOfPool(id) };
      }),
      forgotten: forgotten.counts,
      cluster: structuredClone(counts),
      blocks: this.#deps.blocks.usage(),
      linksToDelete: reaper.pending,
      announcements,
      drains: { draining, endpoint: { ...drains.endpoint }, host: { ...drains.host }, stop: { ...drains.stop } },
    };
  }

  /** Before counts are read that are to have names. */
  async refreshNames(): Promise<void> {
    await this.#deps.networkNames.refresh();
  }

  #namesOfPool(poolId: string): string[] {
    const { networks, networkNames } = this.#deps;
    const own = networks.all().filter(({ pools }) => pools.some((pool) => pool.poolId === poolId));
    return own.map(({ id }) => networkNames.of(id) ?? id.slice(0, 12));
  }

  /** The endpoints in a container, by policy, state and reason. */
  *#announcementsOf(endpoints: readonly Endpoint[]): Steps<DaemonCounts['announcements']> {
    const groups = new Map<string, { policy: string; isAnnounced: boolean; reason: string; endpoints: number }>();
    for (const endpoint of endpoints) {
      if (endpoint.sandboxKey === undefined) continue;
      const { policy, isAnnounced, reason } = this.#deps.addressAnnouncements.ofEndpoint(endpoint);
      const key = `${policy} ${isAnnounced} ${reason}`;
      const group = groups.get(key) ?? { policy, isAnnounced, reason, endpoints: 0 };
      group.endpoints++;
      groups.set(key, group);
      yield;
    }
    return [...groups.values()];
  }

  /** Whether each address of a container is announced; by the start of ids where Docker has not named what it belongs to. */
  addresses(): { address: string; container: string; network: string; isAnnounced: boolean }[] {
    const { endpoints, names, addressAnnouncements } = this.#deps;
    const joined = endpoints.all().filter(({ sandboxKey }) => sandboxKey !== undefined);
    return joined.flatMap((endpoint) => {
      const short = { container: endpoint.id.slice(0, 12), network: endpoint.networkId.slice(0, 12) };
      const place = names.of(endpoint.id) ?? short;
      return addressTexts(endpoint).map((address) => {
        return { address, ...place, isAnnounced: addressAnnouncements.of(endpoint, address).isAnnounced };
      });
    });
  }

  /** What lists were asked. @throws NetlinkError */
  lists(): Promise<readonly ListCount[]> {
    return this.#deps.listCounts.all();
  }

  /** How names in lists are followed; undefined while no list has had any. */
  names(): Promise<NamesReport | undefined> {
    return this.#deps.named.status();
  }

  /** All that the driver knows. */
  report(): DriverReport {
    return finish(this.steps());
  }

  /**
   * {@link report} in steps, each for one endpoint, so that whoever has time lets others in between. Endpoints that come meanwhile
   * are missing.
   */
  *steps(): Steps<DriverReport> {
    const { networks, endpoints, conflicts, observer, loose, settings } = this.#deps;
    const { version, mtuBytes, mtuUplink, uplinks, gateways } = settings;
    const all = endpoints.all();
    const sizes = new Map<string, number>();
    const statuses: DriverReport['endpoints'][number][] = [];
    for (const endpoint of all) {
      statuses.push(this.#endpointStatus(endpoint));
      sizes.set(endpoint.networkId, (sizes.get(endpoint.networkId) ?? 0) + 1);
      yield;
    }
    return {
      version,
      pid: process.pid,
      uptimeSec: Math.round(process.uptime()),
      mtuBytes,
      mtuUplink,
      uplinks,
      gateways,
      problems: yield* this.#problems(all),
      notes: yield* this.#notes(all),
      networks: networks.all().map((network) => this.#networkStatus(network, sizes.get(network.id) ?? 0)),
      endpoints: statuses,
      conflicts: conflicts.all(),
      looseAddresses: loose.olderThan(LOOSE_MS).map(({ address }) => address),
      lastRound: observer.lastRound,
      reconciledMsAgo: observer.msSinceRound,
      ...this.#countsOf(all, yield* this.#announcementsOf(all)),
    };
  }

  /** That, and what the kernel says of this process; others come in between. */
  async completeReport(): Promise<DaemonReport> {
    await this.refreshNames();
    const { isLogging } = this.#deps.host;
    const names = await this.names();
    return {
      ...(await gradually(this.steps())),
      filtering: { ...(isLogging !== undefined && { isLogging }), ...(names !== undefined && { names }) },
      lists: await this.#deps.listCounts.all(),
      mountNamespace: await readlink('/proc/self/ns/mnt'),
      propagation: propagationOf(await readFile('/proc/self/mountinfo', 'utf8'), '/run/docker/netns') ?? 'private',
    };
  }

  #networkStatus({ id, pools, prefixes }: Network, endpoints: number): DriverReport['networks'][number] {
    const { ipam, networks } = this.#deps;
    const name = this.#deps.networkNames.of(id);
    return {
      id,
      ...(name !== undefined && { name }),
      mtuBytes: networks.mtuOf(id),
      pools: pools.map(({ poolId, prefix, gateway }) => {
        const { leased, size } = ipam.pool(poolId) === undefined ? { leased: 0, size: 0n } : ipam.usage(poolId);
        const kept = this.#deps.kept.count(poolId);
        return { prefix, gateway, leased, ...(kept > 0 && { kept }), size: Number(size) };
      }),
      prefixes: prefixes.map(({ prefix }) => prefix),
      endpoints,
    };
  }

  #endpointStatus(endpoint: Endpoint): DriverReport['endpoints'][number] {
    const { id, networkId, mac, addresses, sandboxKey, rateIn = 'off', rateOut = 'off' } = endpoint;
    const own = allAddresses(endpoint).flatMap((each) => (this.#deps.kept.ownerOf(each) ? [each.address] : []));
    return {
      id,
      networkId,
      link: linkNames(id).host,
      addresses: addressTexts(endpoint),
      ...(own.length > 0 && { own }),
      mac,
      gateways: addresses.map(({ gateway }) => gateway),
      ...this.#deps.names.of(id),
      sandboxKey,
      ...(sandboxKey !== undefined && { announcement: this.#deps.addressAnnouncements.ofEndpoint(endpoint) }),
      ...(isUntracked(endpoint) && { isUntracked: true }),
      ...(rateIn !== 'off' && { rateIn: formatRate(rateIn) }),
      ...(rateOut !== 'off' && { rateOut: formatRate(rateOut) }),
      ...closedBy(endpoint),
    };
  }

  /** What Docker's user asked for and does not get. */
  *#notes(endpoints: readonly Endpoint[]): Steps<string[]> {
    const notes: string[] = [];
    for (const endpoint of endpoints) {
      const text = describePorts(endpoint);
      const name = this.#deps.names.of(endpoint.id)?.container ?? `endpoint ${endpoint.id.slice(0, 12)}`;
      if (text !== undefined) notes.push(`${name}: ${text}`);
      yield;
    }
    return notes;
  }

  *#problems(endpoints: readonly Endpoint[]): Steps<string[]> {
    const { networks, sandboxReconciler, conflicts, absence, hidden, observer, sticky, host, announcer } = this.#deps;
    const problems = [
      ...host.problems(),
      ...conflicts.all().map(describeConflict),
      ...this.#deps.blocks.problems(),
      ...hidden.all().map(describeHiddenRoute),
      ...sticky.problems(),
      ...announcer.problems(),
      ...absence.problems(),
    ];
    for (const { id, networkId } of endpoints) {
      const name = `endpoint ${id.slice(0, 12)}`;
      const status = sandboxReconciler.statusOf(id);
      if (status?.state === 'failed') problems.push(`${name}: ${status.reason}`);
      if (networks.get(networkId) === undefined) problems.push(`${name}: its network is not known`);
      yield;
    }
    const failed = observer.lastRound?.failed ?? 0;
    if (failed > 0) problems.push(`${failed} repairs failed in the last round: see the log`);
    if (problems.length === 0) return [];
    const ids = new Map(endpoints.map(({ id }) => [id.slice(0, 12), id]));
    return problems.map((problem) => this.#withNames(problem, ids));
  }

  /** People know containers by their names, and logs endpoints by their ids. */
  #withNames(problem: string, ids: ReadonlyMap<string, string>): string {
    return problem.replaceAll(/\bendpoint ([0-9a-f]{12})\b/g, (text, digits: string) => {
      const id = ids.get(digits);
      const names = id === undefined ? undefined : this.#deps.names.of(id);
      return names === undefined ? text : `${text} (${names.container} on ${names.network})`;
    });
  }
}
