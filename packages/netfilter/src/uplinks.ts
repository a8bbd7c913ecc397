import type { Link } from '@routed/netns';

/** What is looked at of a link. */
export type UplinkFacts = Pick<
  Link,
  'name' | 'index' | 'kind' | 'mac' | 'isLoopback' | 'masterIndex' | 'peerIndex' | 'peerNetnsId'
>;

/** Kinds that lead off the host by themselves: bundles of network cards, overlays and tunnels. */
const LEADING_AWAY: ReadonlySet<string> = new Set([
  ...['bond', 'team', 'dsa', 'wwan', 'ipoib', 'ppp'],
  ...['vxlan', 'geneve', 'bareudp', 'wireguard', 'xfrm'],
  ...['gre', 'gretap', 'erspan', 'ip6gre', 'ip6gretap', 'ip6erspan', 'ipip', 'sit', 'ip6tnl', 'vti', 'vti6'],
]);

/** Kinds that lead where the link below them leads. */
const STACKED: ReadonlySet<string> = new Set(['vlan', 'macvlan', 'ipvlan', 'macsec']);

/** How network cards are called, by the kernel and by systemd: the end of a veth that a container host has for one. */
const CARD_NAME = /^(eth|en)/;

/** Names that mean one link in a rule of iptables: no `+`, which stands for any ending, no quotes. */
const PLAIN_NAME = /^\w[\w.-]*$/;

/**
 * The links by which packets leave this host for others, sorted by name. Pure.
 *
 * A list of what is known to lead away; whatever is not on it counts as a link to something on this host. A network
 * card does, and so do bonds, tunnels and overlays; a VLAN does when the link below does, a bridge when one of its ports
 * does. The bridge of a Docker network has veths for ports, and never does. A veth does when it has the name of a network
 * card: the host is a container itself. Links with a name that iptables would read as a pattern do not.
 */
export function uplinkNames(links: readonly UplinkFacts[]): string[] {
  const byIndex = new Map(links.map((link) => [link.index, link]));
  const leadsAway = (link: UplinkFacts, depth: number): boolean => {
    if (depth === 0 || link.isLoopback) return false;
    if (link.kind === 'bridge') {
      return links.some((port) => port.masterIndex === link.index && leadsAway(port, depth - 1));
    }
    if (!STACKED.has(link.kind ?? '')) return isWayOut(link);
    if (link.peerNetnsId !== undefined) return true;
    const lower = link.peerIndex === undefined ? undefined : byIndex.get(link.peerIndex);
    return lower !== undefined && leadsAway(lower, depth - 1);
  };
  return links
    .filter((link) => PLAIN_NAME.test(link.name) && leadsAway(link, MAX_DEPTH))
    .map(({ name }) => name)
    .sort();
}

/** The kernel stacks no more devices than this. Source: linux netdevice.h `MAX_NEST_DEV`. */
const MAX_DEPTH = 8;

/**
 * Whether a change of this link can change the uplinks. Not so for the veths of containers and what shapes them, which come and go
 * all the time.
 */
export function concernsUplinks(link: Pick<UplinkFacts, 'kind' | 'name'>): boolean {
  return (link.kind !== 'veth' && link.kind !== 'ifb') || CARD_NAME.test(link.name);
}

function isWayOut({ kind, name, mac }: UplinkFacts): boolean {
  if (kind === undefined) return true;
  if (kind === 'veth') return CARD_NAME.test(name);
  // A tap has a MAC address and leads to a virtual machine; a tun has none and leads to a VPN.
  if (kind === 'tun') return mac === undefined;
  return LEADING_AWAY.has(kind);
}
