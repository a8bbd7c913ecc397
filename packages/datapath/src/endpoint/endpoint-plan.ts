import { hostPrefix, isLinkLocalIpv6 } from '@routed/addresses';
import { allAddresses, type KernelAddress, type KernelEndpoint } from './kernel-endpoint.ts';
import type { AddressSpec, LinkChange, NeighbourSpec, RouteSpec, VethSpec } from '@routed/netns';
import type { JoinReply } from '@routed/plugin-protocol';
import { HOST_LINK_MAC, LINK_GROUP, linkNames, ROUTE_PROTOCOL } from '../names/kernel-names.ts';
import { linkLocalOf } from './link-local.ts';

/** Everything that Join makes in the kernel and answers, worked out beforehand. */
export interface EndpointPlan {
  readonly veth: VethSpec & { readonly group: number; readonly mtuBytes: number };
  /** What the kernel takes only once the pair is there. The alias says that the link is ours, and whose. */
  readonly settings: LinkChange & { readonly alias: string };
  /** Addresses of the host link: the link-local IPv6 gateway, if the endpoint has IPv6. */
  readonly hostAddresses: readonly Omit<AddressSpec, 'linkIndex'>[];
  /** One host route for each address of the container. */
  readonly routes: readonly Omit<RouteSpec, 'linkIndex'>[];
  /** The container's addresses as the host's neighbours. */
  readonly neighbours: readonly Omit<NeighbourSpec, 'linkIndex'>[];
  readonly reply: JoinReply;
}

/** An endpoint that has joined its sandbox, and what belongs to it in the kernel. */
export interface DesiredEndpoint {
  readonly id: string;
  readonly plan: EndpointPlan;
}

/** The prefixes of an endpoint's addresses, each alone. */
export function hostPrefixes(endpoint: KernelEndpoint): string[] {
  return allAddresses(endpoint).map(({ address }) => hostPrefix(address));
}

/** The host route of one address; complete once the link is known. */
export function hostRoute({ address }: Pick<KernelAddress, 'address'>): Omit<RouteSpec, 'linkIndex'> {
  return { destination: hostPrefix(address), scope: 'link', protocol: ROUTE_PROTOCOL };
}

/** The kernel objects and the reply for one endpoint. Pure: the same endpoint always has the same plan. */
export function planEndpoint(endpoint: KernelEndpoint, mtuBytes: number): EndpointPlan {
  const names = linkNames(endpoint.id);
  const hasIpv6 = endpoint.addresses.some(({ family }) => family === 6);
  const { routes, neighbours } = planAddresses(allAddresses(endpoint), endpoint);
  const linkLocals = linkLocalsOf(endpoint);
  return {
    veth: {
      name: names.host,
      group: LINK_GROUP,
      mtuBytes,
      mac: HOST_LINK_MAC,
      peer: { name: names.container, mtuBytes, mac: endpoint.mac },
    },
    settings: {
      alias: names.alias,
      isUp: true,
      // fe80::1 is the only IPv6 address that the host end needs; a generated one costs duplicate detection.
      ipv6AddressGeneration: 'none',
    },
    hostAddresses: hasIpv6
      ? endpoint.addresses
          .filter(({ family, gateway }) => family === 6 && isLinkLocalIpv6(gateway))
          .map(({ gateway }) => ({ address: `${gateway}/64`, skipDuplicateDetection: true, noPrefixRoute: true }))
      : [],
    routes,
    // With this entry no request of the container adds another to the host's table.
    neighbours: [...neighbours, ...linkLocals.map((address) => ({ address, mac: endpoint.mac, isPermanent: true }))],
    // Worked out when Join asks: a comparison with the kernel plans every endpoint, and answers none.
    get reply() {
      return joinReply(endpoint, names.container);
    },
  };
}

/** The host's routes and neighbours for addresses of an endpoint. Pure. */
export function planAddresses(
  addresses: readonly KernelAddress[],
  { mac }: Pick<KernelEndpoint, 'mac'>,
): Pick<EndpointPlan, 'routes' | 'neighbours'> {
  return {
    routes: addresses.map(hostRoute),
    // The host never has to ask for them: its question would leave an address of the host in the container's table,
    // and permanent entries do not count against the limit that all containers of a host share (gc_thresh3).
    neighbours: addresses.map(({ address }) => ({ address, mac, isPermanent: true })),
  };
}

/** The address that an endpoint with IPv6 has on its link without being given one; none without IPv6. */
export function linkLocalsOf(endpoint: KernelEndpoint): string[] {
  return allAddresses(endpoint).some(({ family }) => family === 6) ? [linkLocalOf(endpoint.mac)] : [];
}

/**
 * Docker moves the link, names it eth<n> and sets the default route.
 *
 * The gateway is outside the container's own prefix, so a connected route to it comes along; a default route given
 * as a static route instead does not start on Docker 28, and IPv6 parts for an endpoint without IPv6 start nowhere.
 *
 * Source: Docker docs/plugins_network, Join; moby libnetwork/sandbox_linux.go.
 */
function joinReply(endpoint: KernelEndpoint, containerLink: string): JoinReply {
  const gateway = (family: 4 | 6): string | undefined =>
    endpoint.addresses.find((address) => address.family === family)?.gateway;
  const ipv4 = gateway(4);
  const ipv6 = gateway(6);
  return {
    InterfaceName: { SrcName: containerLink, DstPrefix: 'eth' },
    ...(ipv4 === undefined ? {} : { Gateway: ipv4 }),
    ...(ipv6 === undefined ? {} : { GatewayIPv6: ipv6 }),
    StaticRoutes: [
      ...(ipv4 === undefined ? [] : [connectedRoute(hostPrefix(ipv4))]),
      ...(ipv6 === undefined ? [] : [connectedRoute(hostPrefix(ipv6))]),
    ],
    DisableGatewayService: true,
  };
}

const ROUTE_TYPE_CONNECTED = 1;

function connectedRoute(destination: string): { Destination: string; RouteType: 1; NextHop: string } {
  return { Destination: destination, RouteType: ROUTE_TYPE_CONNECTED, NextHop: '' };
}
