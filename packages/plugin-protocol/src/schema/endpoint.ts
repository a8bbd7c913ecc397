import { z } from 'zod';
import {
  anyMap,
  cidr,
  identifier,
  maybeAddress,
  maybeCidr,
  maybeFlag,
  maybeMac,
  maybeMap,
  maybeText,
  optionalCidr,
  text,
  wireObject,
} from './wire.ts';

const endpointReference = { NetworkID: identifier, EndpointID: identifier } as const;

/**
 * The addresses that Docker gives an endpoint; `''` where it has none. Addresses carry the prefix length that IPAM
 * replied.
 *
 * Source: Docker docs/extend/plugins_network; captured from Docker 20.10.24.
 */
export const EndpointInterface = wireObject({
  Address: optionalCidr,
  AddressIPv6: optionalCidr,
  /** Only if the user asked for one, or IPAM said `RequiresMACAddress`. */
  MacAddress: text,
});
export type EndpointInterface = z.output<typeof EndpointInterface>;

/**
 * Creates an endpoint on a network that the plugin may have learnt of in a previous run.
 *
 * The user's `driver-opt` pairs lie flat in `Options`, beside Docker's own entries; see `OPTION_LABELS`. On an error
 * reply Docker sends no `DeleteEndpoint`.
 *
 * Source: Docker docs/extend/plugins_network; captured from Docker 20.10.24.
 */
export const CreateEndpointRequest = wireObject({
  ...endpointReference,
  Interface: EndpointInterface.nullish().transform(
    (value) => value ?? { Address: '', AddressIPv6: '', MacAddress: '' },
  ),
  Options: anyMap,
});
export type CreateEndpointRequest = z.output<typeof CreateEndpointRequest>;

/**
 * Supplies what Docker left empty. A non-empty field for which Docker sent a value fails the command, even if equal.
 *
 * Source: Docker docs/extend/plugins_network; observed with Docker 20.10.24 ("Cannot be modified").
 */
export const CreateEndpointReply = wireObject({
  Interface: wireObject({
    Address: maybeCidr,
    AddressIPv6: maybeCidr,
    MacAddress: maybeMac,
  }).nullish(),
});
export type CreateEndpointReply = z.input<typeof CreateEndpointReply>;

/**
 * Forgets an endpoint; may repeat, and may name one that the plugin does not know. Errors are only logged by Docker.
 *
 * Source: Docker docs/extend/plugins_network.
 */
export const DeleteEndpointRequest = wireObject(endpointReference);
export type DeleteEndpointRequest = z.output<typeof DeleteEndpointRequest>;

/**
 * Asks for operational data. Docker 20.10 fails the container start if this fails.
 *
 * Source: Docker docs/extend/plugins_network.
 */
export const EndpointOperInfoRequest = wireObject(endpointReference);
export type EndpointOperInfoRequest = z.output<typeof EndpointOperInfoRequest>;

/**
 * Operational data; `{ Value: {} }` is fine. Port maps are ignored for remote drivers.
 *
 * Source: Docker docs/extend/plugins_network.
 */
export const EndpointOperInfoReply = wireObject({ Value: maybeMap });
export type EndpointOperInfoReply = z.input<typeof EndpointOperInfoReply>;

/**
 * Puts an endpoint into a container. `Options` are the sandbox's (ports), not those of `CreateEndpoint`.
 *
 * `SandboxKey` is the same for all endpoints of a container. Before Docker 28.0 the namespace it names does not exist
 * yet at a container start.
 *
 * Source: Docker docs/extend/plugins_network; captured from Docker 20.10.24, observed with 28.5.2.
 */
export const JoinRequest = wireObject({ ...endpointReference, SandboxKey: identifier, Options: anyMap });
export type JoinRequest = z.output<typeof JoinRequest>;

/**
 * The route types of {@link StaticRoute}: via a next hop, or straight onto the link.
 *
 * Source: Docker docs/extend/plugins_network; moby libnetwork types.
 */
export const ROUTE_TYPE = { nextHop: 0, connected: 1 } as const;

/**
 * A route inside the container. CONNECTED routes are installed before NEXTHOP ones.
 *
 * Source: Docker docs/extend/plugins_network; moby v20.10.24 libnetwork osl.
 */
export const StaticRoute = wireObject({
  Destination: cidr,
  RouteType: z.literal([ROUTE_TYPE.nextHop, ROUTE_TYPE.connected], '0 (next hop) or 1 (connected)').nullish(),
  NextHop: maybeAddress,
});
export type StaticRoute = z.input<typeof StaticRoute>;

/**
 * Says which link to move into the container and how it routes. Without `InterfaceName` the endpoint has no interface.
 *
 * A default route belongs into `Gateway`/`GatewayIPv6` (bare addresses) with a CONNECTED route to it: Docker 28.0 and
 * later fail the start if it comes as a NEXTHOP static route. `DisableGatewayService` keeps docker_gwbridge away.
 *
 * Source: Docker docs/extend/plugins_network; observed with Docker 20.10.24 and 28.5.2.
 */
export const JoinReply = wireObject({
  InterfaceName: wireObject({
    /** A link in dockerd's network namespace, at most 15 characters. */
    SrcName: maybeText,
    /** The name inside the container is this and a number. */
    DstPrefix: maybeText,
    /** Decoded and ignored up to Docker 29. */
    DstName: maybeText,
  }).nullish(),
  Gateway: maybeAddress,
  GatewayIPv6: maybeAddress,
  StaticRoutes: z.array(StaticRoute, 'an array').nullish(),
  DisableGatewayService: maybeFlag,
});
export type JoinReply = z.input<typeof JoinReply>;

/**
 * Takes an endpoint out of its container; may repeat, and may name an unknown endpoint. Errors are only logged.
 *
 * Source: Docker docs/extend/plugins_network.
 */
export const LeaveRequest = wireObject(endpointReference);
export type LeaveRequest = z.output<typeof LeaveRequest>;

/**
 * Publishes the ports of the endpoint that became its container's gateway. Status 404 counts as success.
 *
 * Source: moby v20.10.24 drivers/remote; captured from Docker 20.10.24.
 */
export const ProgramExternalConnectivityRequest = wireObject({ ...endpointReference, Options: anyMap });
export type ProgramExternalConnectivityRequest = z.output<typeof ProgramExternalConnectivityRequest>;

/**
 * Withdraws what `ProgramExternalConnectivity` published. Status 404 counts as success.
 *
 * Source: moby v20.10.24 drivers/remote; captured from Docker 20.10.24.
 */
export const RevokeExternalConnectivityRequest = wireObject(endpointReference);
export type RevokeExternalConnectivityRequest = z.output<typeof RevokeExternalConnectivityRequest>;
