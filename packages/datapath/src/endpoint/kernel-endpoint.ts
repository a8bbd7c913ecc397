import { isUntracked as isUntrackedFilter } from '@routed/netfilter';
import type { RateLimit } from '../limits/rate-limit.ts';

/** Whether a container may send from addresses that it does not have. */
export type Spoofing = 'strict' | 'allow';

/** Whether a list refuses what it does not allow, or lets it pass and counts it. */
export type FilterMode = 'enforce' | 'observe';

/** What becomes of connections to names that are not open yet while nobody reads names. */
type WhenAway = 'closed' | 'open';

/** An address that the host has a route to. */
export interface KernelAddress {
  readonly family: 4 | 6;
  /** Bare, canonical. */
  readonly address: string;
  /** The block of this host that other hosts reach it by: it has no announcement of its own. Absent: none. */
  readonly block?: string | undefined;
}

/** What of an endpoint matters in the kernel. */
export interface KernelEndpoint {
  readonly id: string;
  /** The addresses that Docker itself gives the container, with their next hops: at most one of each family. */
  readonly addresses: readonly (KernelAddress & { readonly gateway: string })[];
  /** Further addresses, which we put on the container's link once Docker has moved and addressed it. */
  readonly additional: readonly KernelAddress[];
  readonly mac: string;
  /** Who may open connections to the container, in the form of `routed.ingress`; absent: everybody. */
  readonly ingress?: string;
  /** Prefixes whose addresses may as well, and nobody else without a list; absent: its network is not isolated. */
  readonly insiders?: readonly string[];
  /** Whom the container may open connections to, in the form of `routed.egress`; absent: everybody. */
  readonly egress?: string;
  /** The name servers that it may ask whatever `egress` says; absent: those that Docker gave it, or else the host's. */
  readonly dns?: readonly string[];
  /** Those that Docker gave its container (`--dns`); absent: none, or not known. */
  readonly givenDns?: readonly string[];
  /** Whether a list refuses, or only counts what it would refuse; absent: it refuses. */
  readonly ingressMode?: FilterMode;
  readonly egressMode?: FilterMode;
  /** What becomes of connections that `egress` does not list, where it has names, while the daemon is away; absent: `closed`. */
  readonly egressWhenAway?: WhenAway;
  /** Whether nobody may enter, until Docker has said whose the endpoint is; absent: it is known. */
  readonly isOwnerPending?: boolean;
  /** Whether it may open no connections until then. */
  readonly isEgressPending?: boolean;
  readonly spoof: Spoofing;
  /** Whether the host tracks its connections; `off` counts for nothing while a list holds. Absent: `on`. */
  readonly conntrack?: 'on' | 'off';
  /** Whether routers tell other hosts of its addresses; absent: they do. */
  readonly isAnnounced?: boolean;
  /** Metric of its host routes, 1 to 65535; absent: the kernel's, 0 for IPv4 and 1024 for IPv6. */
  readonly metric?: number;
  /** How fast packets may go to the container, and from it; absent, or `off`: as fast as they can. */
  readonly rateIn?: RateLimit | 'off';
  readonly rateOut?: RateLimit | 'off';
}

/** Everything that the host has a route to for an endpoint. */
export function allAddresses<A extends KernelAddress, B extends KernelAddress>({
  addresses,
  additional,
}: {
  readonly addresses: readonly A[];
  readonly additional: readonly B[];
}): readonly (A | B)[] {
  return [...addresses, ...additional];
}

/** Whether the host tracks no connections of an endpoint with other hosts, with the lists that hold now. Pure. */
export function isUntracked(endpoint: Parameters<typeof listInForce>[0] & Pick<KernelEndpoint, 'conntrack'>): boolean {
  const [ingress, egress] = [listInForce(endpoint, 'ingress'), listInForce(endpoint, 'egress')];
  return isUntrackedFilter({ conntrack: endpoint.conntrack, ingress, egress });
}

/** The list of an endpoint that holds now, as `parseAllowList` reads it; undefined: every peer is allowed. Pure. */
export function listInForce(
  endpoint: Pick<KernelEndpoint, 'ingress' | 'egress' | 'insiders' | 'isOwnerPending' | 'isEgressPending'>,
  direction: 'ingress' | 'egress',
): string | undefined {
  const isPending = direction === 'ingress' ? endpoint.isOwnerPending : endpoint.isEgressPending;
  if (isPending === true) return 'none';
  const { [direction]: list, insiders } = endpoint;
  if (direction === 'egress' || insiders === undefined || list === 'any') return list;
  return [...insiders, ...(list === undefined || list === 'none' ? [] : [list])].join();
}
