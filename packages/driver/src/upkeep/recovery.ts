import { isDockerError } from '@routed/docker-engine';
import type { DockerAttachment, DockerNetwork, DockerNetworks } from '@routed/docker-engine';
import {
  endpointOfAlias,
  hostPrefix,
  isHostLinkOf,
  type Logger,
  MAIN_TABLE,
  ROUTE_PROTOCOL,
  UNANNOUNCED_TABLE,
} from '@routed/datapath';
import type { Ipam } from '@routed/ipam';
import type { Rtnl } from '@routed/netns';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { DockerLeases } from '../calls/docker-leases.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { ReconcileLoop } from './reconcile-loop.ts';
import type { StateDirectory } from '../state/state-directory.ts';
import { type KernelEndpoint, leasesOf, recoveredEndpoint } from './recovered-endpoint.ts';
import { replayNetwork } from './replay-network.ts';
import type { Drivers } from '../calls/drivers.ts';

/** How long Docker is left alone when it did not answer; it may be starting, and waiting for us. */
const ASK_AGAIN_MS = 5_000;

/** What is recovered into, and from. */
export interface RecoveryDeps {
  readonly docker: Pick<DockerNetworks, 'networks' | 'attachments'>;
  readonly rtnl: Pick<Rtnl, 'links' | 'routes'>;
  readonly ipam: Pick<Ipam, 'lease' | 'requestAddress'>;
  readonly networks: Pick<NetworkRegistry, 'get' | 'require'>;
  readonly endpoints: Pick<EndpointLifecycle, 'get' | 'adopt' | 'syncFilters' | 'endpointAt' | 'deleteIfGone'>;
  readonly leases: Pick<DockerLeases, 'attach'>;
  readonly keeper: Pick<ReconcileLoop, 'repair'>;
  readonly drivers: Drivers;
  readonly state: Pick<StateDirectory, 'noteRecovery'>;
  /** The names that Docker knows the drivers by. */
  readonly driverNames: readonly string[];
  readonly logger: Logger;
}

/**
 * Makes records anew that a lost state directory, or an older one from a backup, does not have: networks from what Docker keeps of them, endpoints of running
 * containers from Docker and the kernel, where links have the endpoint's id as alias and routes lead to its addresses.
 * Running containers are not touched.
 */
export class Recovery {
  readonly #deps: RecoveryDeps;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(deps: RecoveryDeps) {
    this.#deps = deps;
  }

  /** Begins. Fulfilled in the end; no call may wait for it, since Docker may be waiting for us. */
  async start(): Promise<void> {
    this.#running = this.#untilDone().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#deps.logger.error({ err: error }, 'could not recover lost state');
    });
    await this.#running;
  }

  /** Asks Docker no more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #untilDone(): Promise<void> {
    const { signal } = this.#stopping;
    while (!(await this.#recover())) await sleep(ASK_AGAIN_MS, undefined, { ref: false, signal });
  }

  /** Returns whether Docker could be asked. */
  async #recover(): Promise<boolean> {
    const { docker, endpoints, keeper, state, logger } = this.#deps;
    try {
      const networks = (await docker.networks(this.#stopping.signal)).filter((network) => this.#isOurs(network));
      for (const network of networks) {
        this.#stopping.signal.throwIfAborted();
        await this.#try({ network: network.name }, () => this.#recoverNetwork(network));
      }
      if (networks.length > 0)
        logger.info({ networks: networks.length }, 'recovered lost state from Docker and the kernel');
    } catch (error) {
      if (!isDockerError(error)) throw error;
      logger.debug({ err: error }, 'records are lost, and Docker did not list its networks');
      return false;
    }
    await state.noteRecovery();
    keeper.repair();
    await endpoints.syncFilters();
    return true;
  }

  async #recoverNetwork(network: DockerNetwork): Promise<void> {
    const { docker, networks, drivers, logger } = this.#deps;
    if (networks.get(network.id) === undefined) {
      await replayNetwork(network, drivers);
      logger.warn({ network: network.name, networkId: network.id }, 'recovered a lost network');
    }
    const found = await this.#readKernel();
    for (const attachment of await docker.attachments(network.id, this.#stopping.signal)) {
      await this.#try({ endpointId: attachment.endpointId }, () => this.#recoverEndpoint(attachment, found));
    }
  }

  async #recoverEndpoint(attachment: DockerAttachment, found: ReadonlyMap<string, KernelEndpoint>): Promise<void> {
    const { networks, endpoints, logger } = this.#deps;
    const { endpointId, networkId, sandboxKey } = attachment;
    const inKernel = found.get(endpointId);
    if (inKernel === undefined || endpoints.get(endpointId) !== undefined) return;
    const endpoint = recoveredEndpoint(attachment, networks.require(networkId), inKernel);
    await this.#lease(endpoint, found);
    await endpoints.adopt({ ...endpoint, sandboxKey });
    logger.warn({ endpointId }, 'recovered a lost endpoint');
  }

  /** In older records, an endpoint that is no more may have an address; Docker and the kernel say who has it now. */
  async #lease(endpoint: Endpoint, found: ReadonlyMap<string, KernelEndpoint>): Promise<void> {
    const { endpoints, leases, ipam } = this.#deps;
    for (const lease of leasesOf(endpoint)) {
      const former = endpoints.endpointAt(hostPrefix(lease.address));
      const isHeld = former !== undefined && (found.has(former) || !(await endpoints.deleteIfGone(former, 0)));
      const isLeft = !isHeld && ipam.lease(lease.poolId, lease.address)?.purpose === 'endpoint';
      if (isLeft && lease.purpose === 'endpoint')
        await leases.attach([{ ...lease, family: lease.address.includes(':') ? 6 : 4 }], endpoint);
      else await ipam.requestAddress(lease);
    }
  }

  /** By endpoint. */
  async #readKernel(): Promise<ReadonlyMap<string, KernelEndpoint>> {
    const { rtnl } = this.#deps;
    const [links, announced, unannounced] = await Promise.all([
      rtnl.links.list({ kind: 'veth' }),
      rtnl.routes.list({ protocol: ROUTE_PROTOCOL, table: MAIN_TABLE }),
      rtnl.routes.list({ protocol: ROUTE_PROTOCOL, table: UNANNOUNCED_TABLE }),
    ]);
    const routed = new Map<number | undefined, string[]>(links.map(({ index }) => [index, []]));
    for (const { linkIndex, destination } of [...announced, ...unannounced])
      routed.get(linkIndex)?.push(destination.replace(/\/\d+$/, ''));
    const withdrawn = new Set(unannounced.map(({ linkIndex }) => linkIndex));
    const found = new Map<string, KernelEndpoint>();
    for (const link of links) {
      const endpointId = endpointOfAlias(link.alias);
      if (endpointId === undefined || !isHostLinkOf(endpointId, link)) continue;
      const addresses = routed.get(link.index) ?? [];
      found.set(endpointId, { mtuBytes: link.mtuBytes, addresses, isAnnounced: !withdrawn.has(link.index) });
    }
    return found;
  }

  /** One that cannot be recovered does not keep the others from it. */
  async #try(what: Readonly<Record<string, string>>, recover: () => Promise<void>): Promise<void> {
    try {
      await recover();
    } catch (error) {
      if (isDockerError(error)) throw error;
      this.#deps.logger.error(
        { ...what, err: error },
        'cannot be recovered; remove it from Docker and create it again',
      );
    }
  }

  #isOurs({ driver, ipamDriver }: DockerNetwork): boolean {
    // A managed plugin's name has a tag.
    const isOne = (name: string): boolean => this.#deps.driverNames.some((ours) => name.split(':')[0] === ours);
    return isOne(driver) && isOne(ipamDriver);
  }
}
