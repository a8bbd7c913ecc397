import type {
  Container,
  DockerContainers,
  DockerEngine,
  EngineEvent,
  EngineNotice,
  Owner,
} from '@routed/docker-engine';
import type { Logger } from '@routed/datapath';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Blocks } from '../blocks/blocks.ts';
import type { Endpoint, EndpointAddress } from '../endpoints/endpoint.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Journal } from '../ground/journal.ts';
import type { DuplicateAddressCheck } from '../leases/duplicate-address-check.ts';
import type { KeptAddresses } from '../leases/kept-addresses.ts';
import type { KeptRecord } from '../leases/kept-record.ts';
import type { LeasedAddress } from '../leases/leased-address.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { SandboxReconciler } from '../sandboxes/sandbox-reconciler.ts';

interface KeptKeeperDeps {
  readonly docker: Pick<DockerContainers, 'list'>;
  readonly engineEvents: DockerEngine['events'];
  readonly endpoints: Pick<EndpointLifecycle, 'get' | 'extend'>;
  readonly networks: Pick<NetworkRegistry, 'get'>;
  readonly kept: KeptAddresses;
  readonly claims: Pick<DuplicateAddressCheck, 'isTaken'>;
  readonly blocks: Pick<Blocks, 'mayUse'>;
  readonly sandboxReconciler: Pick<SandboxReconciler, 'requestOnceThere'>;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Logger;
}

const FOLLOWED = { type: ['container', 'network'], event: ['destroy', 'rename', 'disconnect'] };

/** Docker says `disconnect` of each container that stops, too: what it means is looked up for all that stopped meanwhile. */
const COLLECT_MS = 1_000;

/**
 * Learns which addresses are containers' own, and until when: Docker says with no call which container it is for.
 *
 * A container that was started beside others, so that nobody could say which of them asked, has another address than its own. Once it is
 * known it gets its own in addition: others reach it where they did before.
 */
export class KeptKeeper {
  readonly #deps: KeptKeeperDeps;
  readonly #stopping = new AbortController();
  #following: Promise<void> | undefined;
  #isComparing = false;

  constructor(deps: KeptKeeperDeps) {
    this.#deps = deps;
  }

  /** Follows Docker if something is kept. Safe to repeat. */
  start(): void {
    if (this.#stopping.signal.aborted || this.#deps.kept.all().length === 0) return;
    this.#following ??= this.#follow().catch((error: unknown) => {
      this.#deps.logger.error(
        { err: error },
        'Docker events cannot be followed: addresses of removed containers stay kept',
      );
    });
  }

  /** Asks Docker no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /** It is known which container has an endpoint. */
  async note(endpointId: string, owner: Owner): Promise<void> {
    const endpoint = this.#deps.endpoints.get(endpointId);
    if (endpoint?.sandboxKey === undefined) return;
    const network = this.#deps.networks.get(endpoint.networkId);
    if (network === undefined || network.isSticky === false) return;
    for (const address of endpoint.addresses) await this.#noteOne(endpoint, owner, address);
    await this.#deps.kept.rename(owner);
    this.start();
  }

  /** Frees what is kept for containers that Docker does not have any more, or not on the network. @throws DockerError */
  async compare(): Promise<void> {
    const containers = new Map((await this.#deps.docker.list()).map((container) => [container.id, container]));
    const isGone = (record: KeptRecord): boolean => !isOn(containers.get(record.containerId), record.networkId);
    await this.#deps.kept.forget(isGone, 'Docker has its container no more, or not on the network');
  }

  async #noteOne(endpoint: Endpoint, owner: Owner, address: EndpointAddress): Promise<void> {
    const { kept } = this.#deps;
    const { networkId } = endpoint;
    const holder = kept.ownerOf(address);
    if (holder !== undefined && holder.containerId !== owner.id)
      await this.#tellOfSwap(endpoint, owner, address, holder);
    const own = kept.of(owner.id, networkId)?.addresses.find(({ family }) => family === address.family);
    if (address.isChosen !== true || own?.address === address.address) return;
    if (own === undefined || !kept.isLeased(own)) await kept.own(owner, networkId, bare(address));
    else await this.#add(endpoint, owner, own);
  }

  /** A defect: who asks for an address gets none that is kept for another container, unless it is told at once. */
  async #tellOfSwap(endpoint: Endpoint, owner: Owner, address: EndpointAddress, holder: KeptRecord): Promise<void> {
    const { journal, logger, kept } = this.#deps;
    const detail = `container ${owner.name} has the own address of container ${holder.containerName}: please report this`;
    journal.record({ kind: 'failed', addresses: [address.address], endpointId: endpoint.id, detail });
    logger.error({ address: address.address, endpointId: endpoint.id }, detail);
    await kept.disown(address, `container ${owner.name} has it`);
  }

  /** Gives a container its own address beside the one that it was started with. */
  async #add(endpoint: Endpoint, owner: Owner, own: LeasedAddress): Promise<void> {
    const { kept, claims, blocks, endpoints, sandboxReconciler, logger } = this.#deps;
    const { poolId, address } = own;
    await kept.whileIdle(own, async () => {
      const { sandboxKey } = endpoints.get(endpoint.id) ?? {};
      if (sandboxKey === undefined || !blocks.mayUse(poolId, address) || (await claims.isTaken(address))) return;
      await endpoints.extend(endpoint.id, [{ ...own, isSticky: true }]);
      sandboxReconciler.requestOnceThere(sandboxKey);
      logger.info(
        { address, container: owner.name },
        'started beside others: the container has its own address in addition',
      );
    });
  }

  async #follow(): Promise<void> {
    const { engineEvents } = this.#deps;
    for await (const notice of engineEvents({ filters: FOLLOWED, signal: this.#stopping.signal })) {
      await this.#onNotice(notice);
    }
  }

  async #onNotice(notice: EngineNotice): Promise<void> {
    if (notice.kind === 'resync') this.#compareSoon(0);
    else if (notice.kind === 'event') await this.#onEvent(notice.event);
  }

  async #onEvent({ type, action, id, attributes }: EngineEvent): Promise<void> {
    const { kept } = this.#deps;
    if (type === 'container' && action === 'destroy')
      await kept.forget(({ containerId }) => containerId === id, 'its container was removed');
    if (type === 'container' && action === 'rename') await kept.rename({ id, name: attributes['name'] ?? '' });
    const hasRecord = kept.of(attributes['container'] ?? '', id) !== undefined;
    if (type === 'network' && action === 'disconnect' && hasRecord) this.#compareSoon(COLLECT_MS);
  }

  /** Once for all that asks for it meanwhile. A Docker that does not answer is asked again with the next event. */
  #compareSoon(delayMs: number): void {
    if (this.#isComparing) return;
    this.#isComparing = true;
    void sleep(delayMs, undefined, { ref: false, signal: this.#stopping.signal })
      .then(() => {
        this.#isComparing = false;
        return this.compare();
      })
      .catch((error: unknown) => {
        this.#isComparing = false;
        this.#deps.logger.debug({ err: error }, 'Docker was not asked which containers are gone');
      });
  }
}

/** Whether a container has a network. One that was never started on it since has its name alone. */
function isOn(container: Container | undefined, networkId: string): boolean {
  return container?.networks.some((on) => on.networkId === networkId || on.networkId === '') ?? false;
}

/** Without what only an endpoint has of it. */
function bare({ poolId, family, address, isAnycast }: EndpointAddress): LeasedAddress {
  return { poolId, family, address, ...(isAnycast && { isAnycast }) };
}
