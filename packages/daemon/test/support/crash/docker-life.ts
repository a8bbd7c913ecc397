import { randomBytes } from 'node:crypto';
import { isNetlinkError } from '@routed/netns';
import type { JoinReply, ReplyOf } from '@routed/plugin-protocol';
import type { CrashHost } from './crash-host.ts';
import { type DockerCalls, DockerGaveUp } from './docker-calls.ts';

const PREFIXES = { 4: '10.1.0.0/24', 6: 'fd00:1::/64' } as const;
const GATEWAY = '10.1.0.1';
const RESERVED = '10.1.0.9';

/** The release of Docker: after a Join that failed, newer ones call Leave. */
export type Release = '20.10' | '28';

/** A network as Docker has it. */
export interface DockerNetwork {
  readonly id: string;
  readonly poolIds: readonly string[];
}

/** What a container is started with. */
export interface ContainerSpec {
  readonly address?: string;
  readonly addressIpv6?: string;
  readonly driverOptions?: Readonly<Record<string, string>>;
}

/** A container as Docker has it. */
export interface DockerContainer {
  readonly endpointId: string;
  readonly address: string;
  readonly addressIpv6: string;
  readonly interface: string;
}

const dockerId = (): string => randomBytes(32).toString('hex');

/** Passes a call's failure over, as Docker does where it only logs it. */
async function logged(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (error instanceof DockerGaveUp) throw error;
  });
}

/** What Docker does for networks and containers: which calls, in which order, and which ones when one of them has failed. */
export class DockerLife {
  readonly #host: CrashHost;
  readonly #calls: DockerCalls;
  readonly #release: Release;

  constructor(host: CrashHost, calls: DockerCalls, release: Release = '20.10') {
    this.#host = host;
    this.#calls = calls;
    this.#release = release;
  }

  /** `docker network create --gateway … --aux-address … --ipv6`, with further options of the driver. */
  async createNetwork(more: Readonly<Record<string, string>> = {}): Promise<DockerNetwork> {
    const poolIds: string[] = [];
    const leases: string[] = [];
    const lease = async (Address: string, Options: Record<string, string> | null): Promise<string> => {
      const request = { PoolID: poolIds[0]!, Address, Options };
      const reply = await this.#calls.call('IpamDriver.RequestAddress', request);
      leases.push(Address);
      return reply.Address;
    };
    const id = dockerId();
    try {
      poolIds.push((await this.#requestPool(4)).PoolID);
      const Gateway = await lease(GATEWAY, { RequestAddressType: 'com.docker.network.gateway' });
      const reserved = await lease(RESERVED, null);
      const pool6 = await this.#requestPool(6);
      poolIds.push(pool6.PoolID);
      const { Data } = pool6;
      const data = { AddressSpace: 'routed-local' };
      await this.#calls.call('NetworkDriver.CreateNetwork', {
        NetworkID: id,
        Options: {
          'com.docker.network.enable_ipv6': true,
          'com.docker.network.generic': { 'routed.prefixes': '192.168.7.0/24', ...more },
        },
        IPv4Data: [{ ...data, Pool: PREFIXES[4], Gateway, AuxAddresses: { reserved } }],
        IPv6Data: [{ ...data, Pool: PREFIXES[6], Gateway: Data?.['com.docker.network.gateway'] ?? '' }],
      });
      return { id, poolIds };
    } catch (error) {
      await this.#releasePools(poolIds, leases);
      throw error;
    }
  }

  /** `docker network rm`. */
  async removeNetwork({ id, poolIds }: DockerNetwork): Promise<void> {
    await this.#releasePools(poolIds, [GATEWAY, RESERVED]);
    await logged(this.#calls.call('NetworkDriver.DeleteNetwork', { NetworkID: id }));
  }

  /** `docker run`, as far as the network is concerned. */
  async start({ id, poolIds }: DockerNetwork, spec: ContainerSpec = {}): Promise<DockerContainer> {
    const NetworkID = id;
    const endpointId = dockerId();
    const ids = { NetworkID, EndpointID: endpointId };
    const addresses: string[] = [];
    let isCreated = false;
    try {
      for (const [index, wanted] of [spec.address, spec.addressIpv6].entries()) {
        const request = { PoolID: poolIds[index]!, Address: wanted ?? '', Options: null };
        addresses.push((await this.#calls.call('IpamDriver.RequestAddress', request)).Address);
      }
      const [Address = '', AddressIPv6 = ''] = addresses;
      await this.#calls.call('NetworkDriver.CreateEndpoint', {
        ...ids,
        Interface: { Address, AddressIPv6, MacAddress: '' },
        Options: spec.driverOptions ?? {},
      });
      isCreated = true;
      const SandboxKey = await this.#host.nameSandbox(endpointId.slice(0, 12));
      const reply = await this.#calls.call('NetworkDriver.Join', { ...ids, SandboxKey, Options: {} });
      const container = { endpointId, address: bare(Address), addressIpv6: bare(AddressIPv6) };
      await this.#calls.during(() => this.#moveIn(reply, addresses));
      return { ...container, interface: reply.InterfaceName?.SrcName ?? '' };
    } catch (error) {
      if (isCreated && this.#release === '28') await logged(this.#calls.call('NetworkDriver.Leave', ids));
      if (isCreated) await logged(this.#calls.call('NetworkDriver.DeleteEndpoint', ids));
      await this.#releaseAddresses(poolIds, addresses);
      throw error;
    }
  }

  /**
   * `docker stop`.
   *
   * @param ending whether Docker moves the link back, or the container's namespace dies with it
   */
  async stop(
    { id, poolIds }: DockerNetwork,
    container: DockerContainer,
    ending: 'moved back' | 'died' = 'moved back',
  ): Promise<void> {
    const ids = { NetworkID: id, EndpointID: container.endpointId };
    try {
      await logged(this.#calls.call('NetworkDriver.Leave', ids));
    } finally {
      await this.#moveOut(container, ending);
    }
    await logged(this.#calls.call('NetworkDriver.DeleteEndpoint', ids));
    await this.#releaseAddresses(poolIds, [container.address, container.addressIpv6]);
  }

  async #requestPool(family: 4 | 6): Promise<ReplyOf<'IpamDriver.RequestPool'>> {
    const request = { AddressSpace: 'routed-local', Pool: PREFIXES[family], SubPool: '', Options: null };
    return await this.#calls.call('IpamDriver.RequestPool', { ...request, V6: family === 6 });
  }

  async #releasePools(poolIds: readonly string[], leases: readonly string[]): Promise<void> {
    for (const [index, PoolID] of poolIds.entries()) {
      for (const Address of index === 0 ? leases : ['fe80::1']) {
        await logged(this.#calls.call('IpamDriver.ReleaseAddress', { PoolID, Address }));
      }
      await logged(this.#calls.call('IpamDriver.ReleasePool', { PoolID }));
    }
  }

  async #releaseAddresses(poolIds: readonly string[], addresses: readonly string[]): Promise<void> {
    for (const [index, address] of addresses.entries()) {
      const request = { PoolID: poolIds[index]!, Address: bare(address) };
      await logged(this.#calls.call('IpamDriver.ReleaseAddress', request));
    }
  }

  /** Moves the container's end into the sandbox and gives it name, addresses and routes. */
  async #moveIn({ InterfaceName, Gateway, GatewayIPv6 }: JoinReply, addresses: readonly string[]): Promise<void> {
    const name = InterfaceName?.SrcName ?? '';
    const { netns, rtnl } = this.#host.sandbox;
    await this.#host.rtnl.links.set({ name }, { netns, name: 'eth0' });
    const { index: linkIndex } = (await rtnl.links.get({ name: 'eth0' }))!;
    for (const address of addresses) await rtnl.addresses.add({ linkIndex, address, skipDuplicateDetection: true });
    await rtnl.links.set({ index: linkIndex }, { isUp: true });
    for (const [gateway, length, all] of [
      [Gateway, 32, '0.0.0.0/0'],
      [GatewayIPv6, 128, '::/0'],
    ] as const) {
      if (gateway === undefined || gateway === null) continue;
      await rtnl.routes.add({
        destination: `${gateway}/${length}`,
        linkIndex,
        scope: length === 32 ? 'link' : 'universe',
      });
      await rtnl.routes.add({ destination: all, linkIndex, gateway });
    }
  }

  async #moveOut({ interface: name }: DockerContainer, ending: 'moved back' | 'died'): Promise<void> {
    const { rtnl } = this.#host.sandbox;
    const change = { isUp: false, netns: this.#host.netns, name };
    const moved = ending === 'died' ? rtnl.links.delete({ name: 'eth0' }) : rtnl.links.set({ name: 'eth0' }, change);
    await moved.catch((error: unknown) => {
      // The daemon has deleted it by now.
      if (!isNetlinkError(error, 'ENODEV')) throw error;
    });
  }
}

function bare(address: string): string {
  return address.replace(/\/\d+$/, '');
}
