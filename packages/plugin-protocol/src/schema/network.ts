import { z } from 'zod';
import {
  anyMap,
  flag,
  identifier,
  maybeFlag,
  maybeStringMap,
  optionalCidr,
  stringMap,
  text,
  wireObject,
} from './wire.ts';

const scopes = ['local', 'global'] as const;

/**
 * What the network driver is. `Scope` decides whether Docker keeps networks per host (`local`) or hands them to the
 * swarm manager; `ConnectivityScope` defaults to it. `GwAllocChecker` makes Docker 28.0 and later call
 * `NetworkDriver.GwAllocCheck`; older versions ignore it.
 *
 * An error here leaves the driver unregistered until dockerd restarts.
 *
 * Source: Docker docs/extend/plugins_network; moby v20.10.24, v28.5.2 drivers/remote/api.
 */
export const NetworkCapabilitiesReply = wireObject({
  Scope: z.enum(scopes, '"local" or "global"'),
  ConnectivityScope: z.enum(['', ...scopes], '"local", "global" or empty').nullish(),
  GwAllocChecker: maybeFlag,
});
export type NetworkCapabilitiesReply = z.input<typeof NetworkCapabilitiesReply>;

/**
 * Asks, once per network create and before IPAM, whether the network needs gateway addresses. `Options` is the same
 * map as in {@link CreateNetworkRequest}.
 *
 * Source: moby v28.0 drivers/remote/api.
 */
export const GwAllocCheckRequest = wireObject({ Options: anyMap });
export type GwAllocCheckRequest = z.output<typeof GwAllocCheckRequest>;

/**
 * True skips the gateway's `RequestAddress` for the family, unless the user or `RequestPool` gave a gateway.
 *
 * Source: moby v28.0 drivers/remote/api.
 */
export const GwAllocCheckReply = wireObject({
  SkipIPv4: maybeFlag,
  SkipIPv6: maybeFlag,
});
export type GwAllocCheckReply = z.input<typeof GwAllocCheckReply>;

/**
 * One pool of a network, as the IPAM driver answered it.
 *
 * `Gateway` is `''` when none was allocated; the addresses keep the prefix length that IPAM replied, which need not be
 * the pool's.
 *
 * Source: Docker docs/extend/plugins_network; captured from Docker 20.10.24.
 */
export const IpamData = wireObject({
  AddressSpace: text,
  Pool: optionalCidr,
  Gateway: optionalCidr,
  /** Name to address with prefix length, from `--aux-address`. */
  AuxAddresses: stringMap,
});
export type IpamData = z.output<typeof IpamData>;

const ipamDataList = z
  .array(IpamData, 'an array')
  .nullish()
  .transform((value) => value ?? []);

/**
 * Creates a network. Docker never replays it, not after its own restart and not after the plugin's.
 *
 * `Options` holds `-o key=value` pairs under `com.docker.network.generic` and Docker's own flags beside it; see
 * `OPTION_LABELS`. A family that is off has an empty list (null and absent read the same).
 *
 * Source: Docker docs/extend/plugins_network; captured from Docker 20.10.24.
 */
export const CreateNetworkRequest = wireObject({
  NetworkID: identifier,
  Options: anyMap,
  IPv4Data: ipamDataList,
  IPv6Data: ipamDataList,
});
export type CreateNetworkRequest = z.output<typeof CreateNetworkRequest>;

/**
 * Forgets a network; may name one that the plugin does not know. An error is only logged by Docker.
 *
 * Source: Docker docs/extend/plugins_network.
 */
export const DeleteNetworkRequest = wireObject({ NetworkID: identifier });
export type DeleteNetworkRequest = z.output<typeof DeleteNetworkRequest>;

/**
 * Swarm managers only, for drivers of global scope: reserves a network before the nodes create it.
 *
 * Source: moby v20.10.24 drivers/remote/api.
 */
export const AllocateNetworkRequest = wireObject({
  NetworkID: identifier,
  Options: stringMap,
  IPv4Data: ipamDataList,
  IPv6Data: ipamDataList,
});
export type AllocateNetworkRequest = z.output<typeof AllocateNetworkRequest>;

/**
 * Driver state that swarm hands to `CreateNetwork` on the nodes.
 *
 * Source: moby v20.10.24 drivers/remote/api.
 */
export const AllocateNetworkReply = wireObject({
  Options: maybeStringMap,
});
export type AllocateNetworkReply = z.input<typeof AllocateNetworkReply>;

/**
 * Swarm managers only: gives back what `AllocateNetwork` reserved.
 *
 * Source: moby v20.10.24 drivers/remote/api.
 */
export const FreeNetworkRequest = wireObject({ NetworkID: identifier });
export type FreeNetworkRequest = z.output<typeof FreeNetworkRequest>;

/**
 * Tells of a cluster node that came or went; sent only if `ConnectivityScope` is `global`, and with type 1 (node) only.
 *
 * Source: Docker docs/extend/plugins_network; moby v20.10.24 discoverapi.
 */
export const DiscoveryRequest = wireObject({
  DiscoveryType: z.number('a number'),
  DiscoveryData: wireObject({ Address: text, BindAddress: text, Self: flag }),
});
export type DiscoveryRequest = z.output<typeof DiscoveryRequest>;
