import type { z } from 'zod';
import {
  cidr,
  flag,
  identifier,
  maybeFlag,
  maybeStringMap,
  maybeText,
  optionalAddress,
  optionalCidr,
  stringMap,
  text,
  wireObject,
} from './wire.ts';

/**
 * What the IPAM driver needs. `RequiresMACAddress` makes Docker choose a MAC address before asking for an address;
 * `RequiresRequestReplay` makes dockerd repeat its requests when it starts. Both default to false.
 *
 * Source: Docker libnetwork docs/ipam; moby v20.10.24 ipams/remote/api.
 */
export const IpamCapabilitiesReply = wireObject({
  RequiresMACAddress: maybeFlag,
  RequiresRequestReplay: maybeFlag,
});
export type IpamCapabilitiesReply = z.input<typeof IpamCapabilitiesReply>;

/**
 * The address spaces Docker uses for networks of local and of global scope.
 *
 * Source: Docker libnetwork docs/ipam.
 */
export const DefaultAddressSpacesReply = wireObject({
  LocalDefaultAddressSpace: maybeText,
  GlobalDefaultAddressSpace: maybeText,
});
export type DefaultAddressSpacesReply = z.input<typeof DefaultAddressSpacesReply>;

/**
 * Asks for a pool. Docker says neither for which network, nor whether another network has the same pool.
 *
 * Source: Docker libnetwork docs/ipam; captured from Docker 20.10.24.
 */
export const RequestPoolRequest = wireObject({
  AddressSpace: text,
  /** `--subnet`; `''` leaves the choice to the driver. */
  Pool: optionalCidr,
  /** `--ip-range`, or `''`. */
  SubPool: optionalCidr,
  /** `--ipam-opt`, the same for both families. */
  Options: stringMap,
  V6: flag,
});
export type RequestPoolRequest = z.output<typeof RequestPoolRequest>;

/**
 * The pool given. Docker stores `PoolID` for the life of the network and sends it back for years.
 *
 * `Data` may name a gateway with prefix length under `com.docker.network.gateway`; Docker then asks for none.
 *
 * Source: Docker libnetwork docs/ipam; observed with Docker 20.10.24.
 */
export const RequestPoolReply = wireObject({
  PoolID: identifier,
  Pool: cidr,
  Data: maybeStringMap,
});
export type RequestPoolReply = z.input<typeof RequestPoolReply>;

/**
 * Gives a pool back; may repeat. Errors are only logged by Docker.
 *
 * Source: Docker libnetwork docs/ipam.
 */
export const ReleasePoolRequest = wireObject({ PoolID: identifier });
export type ReleasePoolRequest = z.output<typeof ReleasePoolRequest>;

/**
 * Asks for an address of a pool. `Options` tells the purpose: `RequestAddressType` for the gateway, the container's
 * name for an endpoint since Docker 29.0, nothing for an auxiliary address.
 *
 * Source: Docker libnetwork docs/ipam; captured from Docker 20.10.24.
 */
export const RequestAddressRequest = wireObject({
  PoolID: identifier,
  /** `--ip` or `--gateway` without prefix length; `''` leaves the choice to the driver. */
  Address: optionalAddress,
  Options: stringMap,
});
export type RequestAddressRequest = z.output<typeof RequestAddressRequest>;

/**
 * The address given, with the prefix length that Docker puts onto the container's interface. `Data` is ignored.
 *
 * Source: Docker libnetwork docs/ipam; moby #36204 (prefix length required).
 */
export const RequestAddressReply = wireObject({
  Address: cidr,
  Data: maybeStringMap,
});
export type RequestAddressReply = z.input<typeof RequestAddressReply>;

/**
 * Gives an address back; may repeat, and may name one that was never requested (a gateway from `Data`). Errors are
 * only logged by Docker.
 *
 * Source: Docker libnetwork docs/ipam; observed with Docker 20.10.24.
 */
export const ReleaseAddressRequest = wireObject({ PoolID: identifier, Address: optionalAddress });
export type ReleaseAddressRequest = z.output<typeof ReleaseAddressRequest>;
