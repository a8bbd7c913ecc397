import type { DockerNetworks } from '@routed/docker-engine';
import type { PacketLog, RulesetWatch } from '@routed/netfilter';
import type { Link, Monitor } from '@routed/netns';
import { assemble, type DriverComponents, type DriverPorts, type DriverSettings } from './assemble.ts';
import type { Drivers } from './calls/drivers.ts';
import { CleanupStack } from './ground/cleanup-stack.ts';
import { Phases } from './ground/phases.ts';
import type { StateDirectory } from './state/state-directory.ts';
import { DockerRemovals } from './upkeep/docker-removals.ts';
import { KernelWatch } from './upkeep/kernel-watch.ts';
import { areRecordsOlder } from './upkeep/lost-records.ts';
import { Recovery } from './upkeep/recovery.ts';

/** What tells of changes on the host. */
export interface KernelEventSources {
  readonly monitor: Pick<Monitor, 'on'>;
  /** Absent where nobody tells of changes of the firewall. */
  readonly ruleset: RulesetWatch | undefined;
  /** Opens what filters write refused packets to; absent where nobody reads it. */
  readonly openRefused?: () => Promise<PacketLog>;
}

/** Where lost records are made anew from, and what Docker removed meanwhile is learnt. */
export interface RecoverySource {
  readonly networks: DockerNetworks;
  /** The names that Docker knows the drivers by. */
  readonly driverNames: readonly string[];
  readonly state: Pick<StateDirectory, 'isRecoveryDue' | 'noteRecovery'>;
}

/** What operators' commands ask for. */
export type OperatorServices = Pick<
  DriverComponents,
  | 'addresses'
  | 'announcements'
  | 'networkBlocks'
  | 'networkRemoval'
  | 'list'
  | 'filters'
  | 'containerLimits'
  | 'limitReader'
  | 'filtered'
  | 'describe'
  | 'connectionsTo'
  | 'status'
  | 'journal'
  | 'refused'
>;

/** A Docker network and IPAM driver. */
export interface Driver extends Drivers {
  readonly operators: OperatorServices;
  /**
   * Takes up the records of the previous run. Calls may be answered from then on.
   *
   * @throws DatapathError ADDRESS_IN_USE when the gateway is the address of a container
   * @throws StoreError when records cannot be read
   */
  load(): Promise<void>;
  /**
   * Keeps the kernel as the records say from now on. Fulfilled when it is so for the first time; never rejects.
   *
   * @param source Docker, and whether the records were lost
   */
  start(events: KernelEventSources, source: RecoverySource): Promise<void>;
  /** Finishes what is under way. Running containers keep their network. */
  stop(): Promise<void>;
}

/** Makes the driver; opens and starts nothing. */
export function createDriver(ports: DriverPorts, settings: DriverSettings): Driver {
  return new AssembledDriver(ports, assemble(ports, settings), settings);
}

class AssembledDriver implements Driver {
  readonly #ports: DriverPorts;
  readonly #components: DriverComponents;
  readonly #settings: DriverSettings;
  /** What is stopped, in the reverse of the order in which it was started. */
  readonly #started = new CleanupStack();

  constructor(ports: DriverPorts, components: DriverComponents, settings: DriverSettings) {
    this.#ports = ports;
    this.#components = components;
    this.#settings = settings;
  }

  get network(): Drivers['network'] {
    return this.#components.network;
  }

  get ipam(): Drivers['ipam'] {
    return this.#components.ipam;
  }

  get operators(): OperatorServices {
    return this.#components;
  }

  async load(): Promise<void> {
    const { gateways, endpoints, reaper, keeper, sandboxReconciler, sticky, kept, owners } = this.#components;
    const { networks, host, hostDrain, named } = this.#components;
    this.#started.add(() => named.close());
    this.#started.add(() => reaper.flush());
    this.#started.add(() => endpoints.settle());
    this.#started.add(() => keeper.stop());
    this.#started.add(() => sandboxReconciler.stop());
    const phases = new Phases();
    await gateways.check(this.#settings.gateways[4]);
    phases.end('gateway');
    await keeper.load();
    phases.end('endpoints');
    await kept.load();
    await sticky.load();
    await owners.load();
    await hostDrain.load();
    phases.end('others');
    this.#started.add(() => networks.leaveHost());
    await host.start();
    phases.end('host');
    this.#ports.logger.debug(phases.report(), 'took up the records');
  }

  async start({ monitor, ruleset, openRefused }: KernelEventSources, source: RecoverySource): Promise<void> {
    const { keeper, networks, endpoints, blocks, sandboxes, cluster, absence, hidden, announcer, refused } =
      this.#components;
    const phases = new Phases();
    const recovery = (await this.#isRecoveryDue(source)) ? this.#recoveryFrom(source) : undefined;
    phases.end('lost records');
    const removals = this.#removalsSeenBy(source);
    sandboxes.listenTo(monitor);
    absence.listenTo(monitor, () => keeper.repair());
    hidden.listenTo(monitor);
    // Before endpoints are compared: those that are not announced are reached by its rules. What was yielded needs them, too.
    await cluster.conflicts.adopt();
    phases.end('conflicts');
    await announcer.start();
    phases.end('announcements');
    this.#ports.logger.debug(phases.report(), 'looked at what the previous run left');
    const compared = keeper.start();
    const linkAt = (index: number): Promise<Link | undefined> => this.#ports.rtnl.links.get({ index });
    const repairs = { repair: () => keeper.repair(), repairHost: () => keeper.repairHost() };
    const watch = new KernelWatch({ endpoints, networks, blocks, linkAt, ...repairs });
    watch.start({ events: monitor, ruleset });
    const learners = this.#learners();
    const components = [refused, announcer, ...learners, cluster.watch, recovery, removals, hidden, watch];
    for (const component of components) this.#started.add(() => component?.stop());
    if (openRefused !== undefined) void refused.start(openRefused);
    await compared;
    cluster.watch.start(monitor, blocks);
    for (const learner of learners) learner.start();
    void recovery?.start();
    void removals.start();
  }

  async stop(): Promise<void> {
    await this.#started.close();
  }

  /** What learns from Docker which containers the endpoints belong to. */
  #learners(): readonly { start(): void; stop(): unknown }[] {
    const { sticky, known, owners, keptKeeper } = this.#components;
    return [sticky, known, owners, keptKeeper];
  }

  async #isRecoveryDue({ state }: RecoverySource): Promise<boolean> {
    return state.isRecoveryDue || (await areRecordsOlder(this.#ports.rtnl, this.#components.endpoints));
  }

  #recoveryFrom({ networks: docker, driverNames, state }: RecoverySource): Recovery {
    const { networks, endpoints, leases, keeper } = this.#components;
    const { rtnl, ipam, logger } = this.#ports;
    const into = { networks, endpoints, leases, keeper, drivers: this, state };
    return new Recovery({ docker, rtnl, ipam, ...into, driverNames, logger });
  }

  #removalsSeenBy({ networks: docker }: RecoverySource): DockerRemovals {
    const { networks, endpoints, leases, forgottenNetworks } = this.#components;
    const { rtnl, logger } = this.#ports;
    return new DockerRemovals({ docker, rtnl, networks, endpoints, leases, forgottenNetworks, logger });
  }
}
