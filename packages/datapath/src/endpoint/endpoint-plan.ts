import { hostPrefix, isLinkLocalIpv6 } from '@routed/addresses';
import { allAddresses, type KernelAddress, type KernelEndpoint } from './kernel-endpoint.ts';
import type { AddressSpec, Link, LinkChange, NeighbourSpec, RouteSpec, VethPeerSpec, VethSpec } from '@routed/netns';
import { type JoinReply, ROUTE_TYPE } from '@routed/plugin-protocol';
import {
  HOST_LINK_MAC,
  LINK_GROUP,
  linkNames,
  MAIN_TABLE,
  ROUTE_PROTOCOL,
  UNANNOUNCED_TABLE,
} from '../names/kernel-names.ts';
import { type RateLimit, type Shape, shapeOf, type Shapes } from '../limits/rate-limit.ts';
import { linkLocalOf } from './link-local.ts';

/** What both ends of a pair are made with, and the host's end gets back: all that netns can set on each end, and read. */
export type LinkAttributes = Omit<
  Pick<VethPeerSpec, keyof VethPeerSpec & keyof LinkChange & keyof Link>,
  'name' | 'mac'
> & {
  readonly mtuBytes: number;
};

/** What the kernel takes only once the pair of links is there. The alias says that the link is ours, and whose. */
export type LinkSettings = LinkAttributes &
  Required<Pick<LinkChange, 'alias' | 'group' | 'name' | 'masterIndex' | 'isUp' | 'ipv6AddressGeneration'>>;

/** Everything that the kernel of the host should have of an endpoint that is in its sandbox. */
export interface DesiredEndpoint {
  readonly id: string;
  /** How its pair of links is made. */
  readonly veth: VethSpec & { readonly group: number };
  /** What the host's end is to be from then on. */
  readonly settings: LinkSettings;
  /** Addresses of the host link: the link-local IPv6 gateway, if the endpoint has IPv6. */
  readonly hostAddresses: readonly Omit<AddressSpec, 'linkIndex'>[];
  /** One host route for each address of the container. */
  readonly routes: readonly Omit<RouteSpec, 'linkIndex'>[];
  /** The container's addresses as the host's neighbours. */
  readonly neighbours: readonly (Omit<NeighbourSpec, 'linkIndex'> & { readonly isPermanent: true })[];
  /** How fast packets may go either way. */
  readonly limits: Shapes;
}

/** The prefixes of an endpoint's addresses, each alone. */
export function hostPrefixes(endpoint: KernelEndpoint): string[] {
  return allAddresses(endpoint).map(({ address }) => hostPrefix(address));
}

/** What tells host routes to one destination apart. Absent: the main table, the metric that the kernel chooses. */
export type RouteKind = { readonly [Field in 'table' | 'metric']?: RouteSpec[Field] | undefined };

/** The host route to one address; complete once the link is known. */
export function hostRoute(destination: string, { table, metric }: RouteKind = {}): Omit<RouteSpec, 'linkIndex'> {
  return {
    destination,
    scope: 'link',
    protocol: ROUTE_PROTOCOL,
    ...(table === undefined || table === MAIN_TABLE ? {} : { table }),
    ...(metric === undefined ? {} : { metric }),
  };
}

/** The kernel objects of one endpoint. Pure: the same endpoint always has the same plan. */
export function planEndpoint(endpoint: KernelEndpoint, attributes: LinkAttributes): DesiredEndpoint {
  const { id, mac } = endpoint;
  const names = linkNames(id);
  const addresses = allAddresses(endpoint).map(({ address }) => address);
  const kindOf = ({ block }: KernelAddress): RouteKind => ({
    table: endpoint.isAnnounced === false || block !== undefined ? UNANNOUNCED_TABLE : MAIN_TABLE,
    metric: endpoint.metric,
  });
  return {
    id,
    veth: {
      name: names.host,
      group: LINK_GROUP,
      mac: HOST_LINK_MAC,
      ...attributes,
      peer: { name: names.container, mac, ...attributes },
    },
    settings: {
      alias: names.alias,
      group: LINK_GROUP,
      ...attributes,
      name: names.host,
      masterIndex: 0,
      isUp: true,
      // fe80::1 is the only IPv6 address that the host end needs; a generated one costs duplicate detection.
      ipv6AddressGeneration: 'none',
    },
    hostAddresses: endpoint.addresses
      .filter(({ family, gateway }) => family === 6 && isLinkLocalIpv6(gateway))
      .map(({ gateway }) => ({ address: `${gateway}/64`, skipDuplicateDetection: true, noPrefixRoute: true })),
    routes: allAddresses(endpoint).map((entry) => hostRoute(hostPrefix(entry.address), kindOf(entry))),
    // The host never has to ask for them: its question would leave an address of the host in the container's table,
    // and permanent entries do not count against the limit that all containers of a host share (gc_thresh3). With that of
    // the link-local address no request of the container adds another to the host's table.
    neighbours: [...addresses, ...linkLocalsOf(endpoint)].map((address) => ({ address, mac, isPermanent: true })),
    limits: limitsOf(endpoint, attributes),
  };
}

function limitsOf({ rateIn, rateOut }: KernelEndpoint, { mtuBytes }: LinkAttributes): Shapes {
  const shape = (rate: RateLimit | 'off' | undefined): Shape | undefined =>
    rate === undefined || rate === 'off' ? undefined : shapeOf(rate, mtuBytes);
  const [inward, outward] = [shape(rateIn), shape(rateOut)];
  return { ...(inward !== undefined && { in: inward }), ...(outward !== undefined && { out: outward }) };
}

/** The address that an endpoint with IPv6 has on its link without being given one; none without IPv6. */
export function linkLocalsOf(endpoint: KernelEndpoint): string[] {
  return allAddresses(endpoint).some(({ family }) => family === 6) ? [linkLocalOf(endpoint.mac)] : [];
}

/**
 * What Join answers: Docker moves the link, names it eth<n> and sets the default route. Pure.
 *
 * The gateway is outside the container's own prefix, so a connected route to it comes along; a default route given
 * as a static route instead does not start on Docker 28, and IPv6 parts for an endpoint without IPv6 start nowhere.
 *
 * Source: Docker docs/plugins_network, Join; moby libnetwork/sandbox_linux.go.
 */
export function joinReply(endpoint: KernelEndpoint): JoinReply {
  const gateway = (family: 4 | 6): string | undefined =>
    endpoint.addresses.find((address) => address.family === family)?.gateway;
  const ipv4 = gateway(4);
  const ipv6 = gateway(6);
  return {
    InterfaceName: { SrcName: linkNames(endpoint.id).container, DstPrefix: 'eth' },
    ...(ipv4 === undefined ? {} : { Gateway: ipv4 }),
    ...(ipv6 === undefined ? {} : { GatewayIPv6: ipv6 }),
    StaticRoutes: [
      ...(ipv4 === undefined ? [] : [connectedRoute(hostPrefix(ipv4))]),
      ...(ipv6 === undefined ? [] : [connectedRoute(hostPrefix(ipv6))]),
    ],
    DisableGatewayService: true,
  };
}

function connectedRoute(destination: string): { Destination: string; RouteType: 1; NextHop: string } {
  return { Destination: destination, RouteType: ROUTE_TYPE.connected, NextHop: '' };
}
