import { allAddresses, type EndpointFiltering, type LinkLimits, linkNames, type Logger } from '@routed/datapath';
import type { Ipam, KeyedLock } from '@routed/ipam';
import type { Handlers, RequestOf } from '@routed/plugin-protocol';
import type { Blocks } from '../blocks/blocks.ts';
import type { AssignmentKeeper } from '../containers/assignment-keeper.ts';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts, describePorts, type Endpoint } from '../endpoints/endpoint.ts';
import { locateAdditional } from '../endpoints/locate-additional.ts';
import type { DockerLeases } from './docker-leases.ts';
import type { DockerPools } from './docker-pools.ts';
import type { UnboundLeases } from '../leases/unbound-leases.ts';
import type { GatewayCheck } from '../networks/gateway-check.ts';
import type { Journal } from '../ground/journal.ts';
import type { NetworkPool } from '../networks/network.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import { checkBursts, hasRate, parseEndpointOptions } from '../networks/parse-options.ts';
import type { SandboxReconciler } from '../sandboxes/sandbox-reconciler.ts';
import { CleanupStack } from '../ground/cleanup-stack.ts';
import { networkCapabilities } from './capabilities.ts';
import type { DefaultGateways } from './default-gateways.ts';
import { leasePool } from './lease-pool.ts';
import { readEndpoint } from './read-endpoint.ts';
import { readNetwork } from './read-network.ts';

/** What the network driver works with. */
export interface NetworkDriverDeps {
  readonly ipam: Ipam;
  readonly networks: NetworkRegistry;
  readonly endpoints: EndpointLifecycle;
  readonly leases: DockerLeases;
  readonly pools: Pick<DockerPools, 'freeLeftover' | 'fulfil'>;
  readonly blocks: Pick<Blocks, 'cover' | 'forgetNetwork'>;
  readonly loose: UnboundLeases;
  readonly sticky: Pick<AssignmentKeeper, 'forgetNetwork' | 'settle'>;
  readonly gateways: DefaultGateways;
  readonly gatewayCheck: Pick<GatewayCheck, 'refuseTaken'>;
  readonly sandboxes: Pick<SandboxReconciler, 'settle'>;
  readonly limits: Pick<LinkLimits, 'requireSupport'>;
  readonly filtering: Pick<EndpointFiltering, 'requireSupport'>;
  readonly lock: KeyedLock;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Pick<Logger, 'info'>;
  /** MTU of networks that name none, in bytes. */
  readonly mtuBytes: number;
}

/** Docker's network calls, translated to networks and endpoints. */
export function networkDriver(deps: NetworkDriverDeps): Handlers {
  return { ...networkCapabilities, ...networkCalls(deps), ...endpointCalls(deps), ...callsOfNoConcern };
}

function networkCalls(deps: NetworkDriverDeps): Handlers {
  const { networks } = deps;
  return {
    'NetworkDriver.CreateNetwork': async (request) => {
      if (networks.get(request.NetworkID) !== undefined) return {};
      // One by one: those made of one pool share its leases, which the undoing of one would take from the other.
      await deps.lock.run('new networks', () => createNetwork(request, deps));
      return {};
    },
    'NetworkDriver.DeleteNetwork': async ({ NetworkID }) => {
      await deps.sticky.forgetNetwork(NetworkID);
      await networks.delete(NetworkID);
      await deps.blocks.forgetNetwork(NetworkID);
      return {};
    },
  };
}

/** What was opened and leased for a network that does not come to be is given back. */
async function createNetwork(
  request: RequestOf<'NetworkDriver.CreateNetwork'>,
  deps: NetworkDriverDeps,
): Promise<void> {
  const wanted = readNetwork(request, deps);
  if (hasRate(wanted)) await deps.limits.requireSupport();
  await deps.filtering.requireSupport(wanted);
  const pools: NetworkPool[] = [];
  const undo = new CleanupStack();
  try {
    for (const pool of wanted.pools) pools.push(await leasePool(pool, deps, undo));
    await deps.networks.create({ ...wanted, pools });
  } catch (error) {
    await undo.close();
    throw error;
  }
  for (const { poolId } of pools) deps.pools.fulfil(poolId);
}

function endpointCalls(deps: NetworkDriverDeps): Handlers {
  const { endpoints, leases } = deps;
  return {
    'NetworkDriver.CreateEndpoint': async (request) => {
      const known = endpoints.get(request.EndpointID);
      const endpoint = known ?? (await createEndpoint(request, deps));
      // Repeating a field that Docker has filled in is an error for it, even with the same value.
      return { Interface: request.Interface.MacAddress === '' ? { MacAddress: endpoint.mac } : {} };
    },
    'NetworkDriver.Join': async ({ EndpointID, SandboxKey }) => await endpoints.join(EndpointID, SandboxKey),
    'NetworkDriver.Leave': async ({ EndpointID }) => {
      await endpoints.leave(EndpointID);
      return {};
    },
    'NetworkDriver.DeleteEndpoint': async ({ EndpointID }) => {
      const addresses = endpoints.get(EndpointID)?.addresses ?? [];
      await endpoints.delete(EndpointID);
      leases.detach(addresses);
      return {};
    },
    'NetworkDriver.EndpointOperInfo': async ({ EndpointID }) => {
      // Docker 28 asks when it has set up the link and before it starts the main process.
      await deps.sticky.settle(EndpointID);
      await deps.sandboxes.settle(EndpointID);
      return { Value: describe(endpoints.get(EndpointID)) };
    },
  };
}

async function createEndpoint(
  request: RequestOf<'NetworkDriver.CreateEndpoint'>,
  deps: NetworkDriverDeps,
): Promise<Endpoint> {
  const network = deps.networks.require(request.NetworkID);
  if (network.isUnanswered === true) await deps.networks.confirm(network.id);
  const options = parseEndpointOptions(request.Options);
  const endpoint = deps.leases.withChosen(readEndpoint(request, network, options));
  checkBursts(endpoint, deps.networks.mtuOf(network.id));
  if (hasRate(endpoint)) await deps.limits.requireSupport();
  if (endpoint.conntrack === 'off') await deps.filtering.requireSupport({ conntrack: 'off' });
  const additional = locateAdditional(options.addresses, endpoint, network, options.isAnycast);
  await deps.leases.refuseElsewhere(endpoint);
  try {
    await deps.leases.attach(endpoint.addresses, endpoint);
    const created = await deps.endpoints.create(deps.blocks.cover(endpoint), additional);
    tellOfPorts(created, deps);
    return created;
  } catch (error) {
    // Docker gives the leases back next.
    deps.leases.detach(endpoint.addresses);
    throw error;
  }
}

/** Docker takes `--publish` for done, whatever the driver does. */
function tellOfPorts(endpoint: Endpoint, { journal, logger }: Pick<NetworkDriverDeps, 'journal' | 'logger'>): void {
  const detail = describePorts(endpoint);
  if (detail === undefined) return;
  journal.record({ kind: 'ignored', addresses: addressTexts(endpoint), endpointId: endpoint.id, detail });
  logger.info({ endpointId: endpoint.id, addresses: addressTexts(endpoint) }, detail);
}

/** What an operator would look for, for those who see it: Docker itself shows it nowhere. */
function describe(endpoint: Endpoint | undefined): Record<string, string> {
  if (endpoint === undefined) return {};
  return {
    'routed.link': linkNames(endpoint.id).host,
    'routed.addresses': allAddresses(endpoint)
      .map(({ address }) => address)
      .join(' '),
    'routed.gateway': endpoint.addresses.map(({ gateway }) => gateway).join(' '),
  };
}

/** Calls that a driver with routable addresses, local to its host, has nothing to do for. */
const callsOfNoConcern: Handlers = {
  'NetworkDriver.AllocateNetwork': () => ({ Options: {} }),
  'NetworkDriver.FreeNetwork': () => ({}),
  'NetworkDriver.DiscoverNew': () => ({}),
  'NetworkDriver.DiscoverDelete': () => ({}),
  'NetworkDriver.ProgramExternalConnectivity': () => ({}),
  'NetworkDriver.RevokeExternalConnectivity': () => ({}),
};
