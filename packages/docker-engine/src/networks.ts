import { z } from 'zod';
import type { EngineApi } from './engine-api.ts';
import { networkEndpoints } from './network-endpoints.ts';

/** A network as `docker network inspect` shows it. */
export interface DockerNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly ipamDriver: string;
  /** What `-o` said. */
  readonly options: Readonly<Record<string, string>>;
  /** What `--subnet` and its companions said; empty where they said nothing. */
  readonly subnets: readonly DockerSubnet[];
}

/** One `--subnet`. */
export interface DockerSubnet {
  readonly prefix: string;
  readonly range: string;
  readonly gateway: string;
  /** Name to address. */
  readonly auxiliary: Readonly<Record<string, string>>;
}

/** What a running container has on a network. */
export interface DockerAttachment {
  readonly networkId: string;
  readonly endpointId: string;
  readonly sandboxKey: string;
  /** Empty where it has none of the family. */
  readonly ipv4: string;
  readonly ipv6: string;
  readonly mac: string;
  readonly gateways: Readonly<Record<4 | 6, string>>;
  /** What `driver-opt` said. */
  readonly options: Readonly<Record<string, string>>;
}

/** What Docker keeps of networks. Never asked inside a plugin call: Docker may be waiting for that one. */
export interface DockerNetworks {
  /** All of them. @throws DockerError */
  networks(signal?: AbortSignal): Promise<readonly DockerNetwork[]>;
  /**
   * The endpoints of a network, also those that are in no container yet; none where there is no such network.
   *
   * @throws DockerError
   */
  endpointsOf(networkId: string, signal?: AbortSignal): Promise<ReadonlySet<string>>;
  /** What the running containers have on a network. @throws DockerError */
  attachments(networkId: string, signal?: AbortSignal): Promise<readonly DockerAttachment[]>;
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

const subnet = z
  .object({ Subnet: z.string(), IPRange: text, Gateway: text, AuxiliaryAddresses: texts })
  .transform(({ Subnet, IPRange, Gateway, AuxiliaryAddresses }): DockerSubnet => {
    return { prefix: Subnet, range: IPRange, gateway: Gateway, auxiliary: AuxiliaryAddresses };
  });

/** Source: Docker Engine API, NetworkList. */
const networkList = z.array(
  z
    .object({
      Id: z.string(),
      Name: z.string(),
      Driver: z.string(),
      Options: texts,
      IPAM: z.object({ Driver: text, Config: z.array(subnet).nullish() }),
    })
    .transform(({ Id, Name, Driver, Options, IPAM }): DockerNetwork => {
      const ipam = { ipamDriver: IPAM.Driver, subnets: IPAM.Config ?? [] };
      return { id: Id, name: Name, driver: Driver, options: Options, ...ipam };
    }),
);

const containerIds = z.array(z.object({ Id: z.string() }));

/** Source: Docker Engine API, ContainerInspect. */
const container = z.object({
  NetworkSettings: z.object({
    SandboxKey: text,
    Networks: z
      .record(
        z.string(),
        z.object({
          NetworkID: text,
          EndpointID: text,
          IPAddress: text,
          GlobalIPv6Address: text,
          MacAddress: text,
          Gateway: text,
          IPv6Gateway: text,
          DriverOpts: texts,
        }),
      )
      .nullish(),
  }),
});

const WHAT = 'networks';

/** Asks this engine. */
export function dockerNetworks(api: EngineApi): DockerNetworks {
  return {
    networks: (signal) => api.get({ path: '/networks', what: WHAT, signal }, networkList),
    endpointsOf: async (networkId, signal) => {
      const endpoints = await networkEndpoints(api, { networkId, what: WHAT, signal });
      return new Set(endpoints.map(({ endpointId }) => endpointId));
    },
    attachments: async (networkId, signal) => {
      const filters = encodeURIComponent(JSON.stringify({ network: [networkId], status: ['running', 'paused'] }));
      const request = { what: WHAT, signal };
      const attachments: DockerAttachment[] = [];
      for (const { Id } of await api.get({ path: `/containers/json?filters=${filters}`, ...request }, containerIds)) {
        const path = `/containers/${Id}/json`;
        const { NetworkSettings: settings } = await api.get({ path, ...request }, container);
        for (const on of Object.values(settings.Networks ?? {})) {
          if (on.NetworkID !== networkId || on.EndpointID === '' || settings.SandboxKey === '') continue;
          attachments.push({
            networkId,
            endpointId: on.EndpointID,
            sandboxKey: settings.SandboxKey,
            ipv4: on.IPAddress,
            ipv6: on.GlobalIPv6Address,
            mac: on.MacAddress,
            gateways: { 4: on.Gateway, 6: on.IPv6Gateway },
            options: on.DriverOpts,
          });
        }
      }
      return attachments;
    },
  };
}
