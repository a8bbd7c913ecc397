import { isNetlinkError, type Rtnl } from '@routed/netns';
import {
  type CallArguments,
  type JoinReply,
  type MethodName,
  openPluginClient,
  OPTION_LABELS,
  type PluginClient,
  type ReplyOf,
} from '@routed/plugin-protocol';
import { randomBytes } from 'node:crypto';
import type { UndoCall } from './end-protocol.ts';
import type { EndProcess } from './end-process.ts';

/** A network that containers can be put on. */
export interface StandInNetwork {
  readonly id: string;
  /** One of each family that it has. */
  readonly poolIds: Readonly<Partial<Record<4 | 6, string>>>;
}

/** Bare addresses. */
export type EndAddresses = Readonly<Partial<Record<4 | 6, string>>>;

/** An endpoint in an end's namespace. */
export interface Joined {
  readonly networkId: string;
  readonly endpointId: string;
  readonly end: EndProcess;
}

const FAMILIES = [4, 6] as const;
const ADDRESS_SPACE = 'routed-local';
const DIGITS = 32;
const ALL = { 4: '0.0.0.0/0', 6: '::/0' } as const;
const LENGTH = { 4: 32, 6: 128 } as const;
const LINK = 'eth0';

/**
 * Calls the plugin as Docker does, for networks and containers that Docker knows nothing of, and keeps account of what is to be
 * undone.
 *
 * Source: the order of calls is that of moby v20.10.24 libnetwork, as the crash tests have it.
 */
export class DockerStandIn {
  readonly #client: PluginClient;
  readonly #host: Rtnl;
  readonly #onUndo: (calls: readonly UndoCall[]) => Promise<unknown>;
  /** The last to be done first. */
  #undo: UndoCall[] = [];

  /** @param onUndo hears what would have to be undone before it is made */
  constructor(deps: {
    readonly socketPath: string;
    readonly host: Rtnl;
    readonly onUndo: (calls: readonly UndoCall[]) => Promise<unknown>;
  }) {
    this.#client = openPluginClient({ socketPath: deps.socketPath });
    this.#host = deps.host;
    this.#onUndo = deps.onUndo;
  }

  /** `docker network create --subnet … --ipv6 --subnet …`. @throws PluginCallError */
  async createNetwork(
    id: string,
    prefixes: EndAddresses,
    options: Readonly<Record<string, string>>,
  ): Promise<StandInNetwork> {
    const poolIds: Partial<Record<4 | 6, string>> = {};
    const data: Record<4 | 6, { AddressSpace: string; Pool: string; Gateway: string; AuxAddresses: object }[]> = {
      4: [],
      6: [],
    };
    for (const family of FAMILIES) {
      const prefix = prefixes[family];
      if (prefix === undefined) continue;
      const request = { AddressSpace: ADDRESS_SPACE, Pool: prefix, SubPool: '', Options: {}, V6: family === 6 };
      const { PoolID, Data } = await this.#call('IpamDriver.RequestPool', request);
      poolIds[family] = PoolID;
      await this.#remember({ method: 'IpamDriver.ReleasePool', request: { PoolID } });
      const Gateway = Data?.[OPTION_LABELS.gatewayData] ?? '';
      data[family].push({ AddressSpace: ADDRESS_SPACE, Pool: prefix, Gateway, AuxAddresses: {} });
    }
    await this.#remember({ method: 'NetworkDriver.DeleteNetwork', request: { NetworkID: id } });
    await this.#call('NetworkDriver.CreateNetwork', {
      NetworkID: id,
      Options: { [OPTION_LABELS.generic]: options, [OPTION_LABELS.enableIpv6]: prefixes[6] !== undefined },
      IPv4Data: data[4],
      IPv6Data: data[6],
    } as never);
    return { id, poolIds };
  }

  /** Leases an address of each family, of the plugin's choice. @throws PluginCallError */
  async lease({ poolIds }: StandInNetwork): Promise<EndAddresses> {
    const addresses: Partial<Record<4 | 6, string>> = {};
    for (const family of FAMILIES) {
      const PoolID = poolIds[family];
      if (PoolID === undefined) continue;
      const reply = await this.#call('IpamDriver.RequestAddress', { PoolID, Address: '', Options: {} });
      const address = reply.Address.replace(/\/.*/, '');
      addresses[family] = address;
      await this.#remember({ method: 'IpamDriver.ReleaseAddress', request: { PoolID, Address: address } });
    }
    return addresses;
  }

  /** Starts a container in an end's namespace, as far as the network is concerned. @throws PluginCallError, NetlinkError */
  async join(
    network: StandInNetwork,
    end: EndProcess,
    { addresses, options }: { readonly addresses: EndAddresses; readonly options: Readonly<Record<string, string>> },
  ): Promise<Joined> {
    const endpointId = randomBytes(DIGITS).toString('hex');
    const ids = { NetworkID: network.id, EndpointID: endpointId };
    await this.#remember({ method: 'NetworkDriver.DeleteEndpoint', request: ids });
    await this.#call('NetworkDriver.CreateEndpoint', {
      ...ids,
      Interface: { Address: cidrOf(addresses, 4), AddressIPv6: cidrOf(addresses, 6), MacAddress: '' },
      Options: options,
    });
    await this.#remember({ method: 'NetworkDriver.Leave', request: ids });
    const reply = await this.#call('NetworkDriver.Join', { ...ids, SandboxKey: end.sandboxKey, Options: {} });
    await this.#moveIn(reply, end, addresses);
    await this.#call('NetworkDriver.EndpointOperInfo', ids);
    return { networkId: network.id, endpointId, end };
  }

  /** Ends such a container. @throws PluginCallError */
  async leave({ networkId, endpointId, end }: Joined): Promise<void> {
    const ids = { NetworkID: networkId, EndpointID: endpointId };
    for (const method of ['NetworkDriver.Leave', 'NetworkDriver.DeleteEndpoint'] as const) {
      await this.#call(method, ids);
      await this.#forget(({ request }) => request['EndpointID'] === endpointId, method);
    }
    await end.rtnl.links.delete({ name: LINK }).catch((error: unknown) => {
      if (!isNetlinkError(error, 'ENODEV')) throw error;
    });
  }

  /** Takes away what is left, the last first. Failures are answered, and keep nothing from being tried. */
  async undo(): Promise<readonly Error[]> {
    const failures: Error[] = [];
    for (const { method, request } of this.#undo) {
      await this.#client.call(method, request as never).catch((error: unknown) => failures.push(error as Error));
    }
    this.#undo = [];
    return failures;
  }

  /** Closes the connections to the plugin. */
  close(): void {
    this.#client.close();
  }

  async #call<M extends MethodName>(method: M, ...args: CallArguments<M>): Promise<ReplyOf<M>> {
    return await this.#client.call(method, ...args);
  }

  /** Before the call that makes it: a killed selftest may have made it already. */
  async #remember(call: UndoCall): Promise<void> {
    this.#undo = [call, ...this.#undo];
    await this.#onUndo(this.#undo);
  }

  async #forget(isDone: (call: UndoCall) => boolean, method: MethodName): Promise<void> {
    this.#undo = this.#undo.filter((call) => call.method !== method || !isDone(call));
    await this.#onUndo(this.#undo);
  }

  /** Moves the container's end of the link to where Docker would, with name, addresses and routes. */
  async #moveIn(reply: JoinReply, end: EndProcess, addresses: EndAddresses): Promise<void> {
    const { rtnl, netns } = end;
    const name = reply.InterfaceName?.SrcName ?? '';
    await this.#host.links.set({ name }, { netns, name: LINK });
    const linkIndex = (await rtnl.links.get({ name: LINK }))?.index ?? 0;
    for (const family of FAMILIES) {
      const address = cidrOf(addresses, family);
      if (address !== '') await rtnl.addresses.add({ linkIndex, address, skipDuplicateDetection: true });
    }
    await rtnl.links.set({ index: linkIndex }, { isUp: true });
    const gateways = { 4: reply.Gateway, 6: reply.GatewayIPv6 };
    for (const family of FAMILIES) {
      const gateway = gateways[family] ?? '';
      if (gateway === '' || addresses[family] === undefined) continue;
      const scope = family === 4 ? 'link' : 'universe';
      await rtnl.routes.add({ destination: `${gateway}/${LENGTH[family]}`, linkIndex, scope });
      await rtnl.routes.add({ destination: ALL[family], linkIndex, gateway });
    }
  }
}

function cidrOf(addresses: EndAddresses, family: 4 | 6): string {
  const address = addresses[family];
  return address === undefined ? '' : `${address}/${LENGTH[family]}`;
}
