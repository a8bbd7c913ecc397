/**
 * Every kernel setting that containers with routable addresses need of a host, in one table: the daemon sets from it,
 * `doctor` checks and repairs by it, and docs/setup.md is tested against it.
 */

/** Who sees to a setting. */
export type SetBy = 'routed-plugin' | 'doctor --fix' | 'you';

/** A sysctl below `net`. Source: linux Documentation/networking/ip-sysctl.rst unless said otherwise. */
export interface HostSetting {
  /** With slashes; `LINK` stands for the name of a link that leads off the host. */
  readonly key: string;
  readonly value: string;
  /** Only where the setting has this value now. */
  readonly insteadOf?: string;
  readonly when: string;
  readonly why: string;
  readonly by: readonly SetBy[];
}

/** What the daemon sets, and puts back when nobody needs it any more. */
export const DAEMON_SETTINGS = {
  forwardIpv4: {
    key: 'net/ipv4/ip_forward',
    value: '1',
    when: "always, from the daemon's start",
    why: 'the host is the router of its containers',
    by: ['routed-plugin'],
  },
  forwardIpv6: {
    key: 'net/ipv6/conf/all/forwarding',
    value: '1',
    when: 'with the first IPv6 network',
    why: 'the same for IPv6',
    by: ['routed-plugin'],
  },
  acceptRa: {
    key: 'net/ipv6/conf/LINK/accept_ra',
    value: '2',
    insteadOf: '1',
    when: 'with the first IPv6 network, on uplinks where it is 1',
    why: 'at 1, a host that forwards IPv6 ignores router advertisements and loses its default route',
    by: ['routed-plugin'],
  },
} as const satisfies Readonly<Record<string, HostSetting>>;

/**
 * What becomes, by family, of a forwarded packet that no rule decides about. It is set to DROP where the daemon switches
 * forwarding on, as Docker does where it does that.
 */
export const FORWARD_POLICIES = { 4: 'iptables/FORWARD', 6: 'ip6tables/FORWARD' } as const;

/** A policy as a setting. */
export type ForwardPolicyKey = (typeof FORWARD_POLICIES)[4 | 6];

/** Whether a setting is a policy, and no sysctl. */
export function isForwardPolicyKey(key: string): key is ForwardPolicyKey {
  return key === FORWARD_POLICIES[4] || key === FORWARD_POLICIES[6];
}

const ENTRY_NEEDS = 'on hosts with more than a few hundred containers';
const ENTRY_WHY = 'one limit for all network namespaces: each container uses entries; above it packets are dropped';

/** What depends on the host's network and size: `doctor --fix` sets it where it finds the need. */
export const DOCTOR_SETTINGS = {
  reversePath: {
    key: 'net/ipv4/conf/LINK/rp_filter',
    value: '2',
    insteadOf: '1',
    when: 'on hosts with several uplinks',
    why: 'strict mode (1) drops packets that arrive on a different uplink from the route back; loose mode (2) overrides a 1 on all links',
    by: ['doctor --fix'],
  },
  neighboursIpv4First: {
    key: 'net/ipv4/neigh/default/gc_thresh1',
    value: '8192',
    when: ENTRY_NEEDS,
    why: 'below it no entry is evicted',
    by: ['doctor --fix'],
  },
  neighboursIpv4Second: {
    key: 'net/ipv4/neigh/default/gc_thresh2',
    value: '16384',
    when: ENTRY_NEEDS,
    why: 'above it entries are evicted after 5 s',
    by: ['doctor --fix'],
  },
  neighboursIpv4Third: {
    key: 'net/ipv4/neigh/default/gc_thresh3',
    value: '32768',
    when: ENTRY_NEEDS,
    why: ENTRY_WHY,
    by: ['doctor --fix'],
  },
  neighboursIpv6First: {
    key: 'net/ipv6/neigh/default/gc_thresh1',
    value: '8192',
    when: ENTRY_NEEDS,
    why: 'as for IPv4',
    by: ['doctor --fix'],
  },
  neighboursIpv6Second: {
    key: 'net/ipv6/neigh/default/gc_thresh2',
    value: '16384',
    when: ENTRY_NEEDS,
    why: 'as for IPv4',
    by: ['doctor --fix'],
  },
  neighboursIpv6Third: {
    key: 'net/ipv6/neigh/default/gc_thresh3',
    value: '32768',
    when: ENTRY_NEEDS,
    why: ENTRY_WHY,
    by: ['doctor --fix'],
  },
  conntrack: {
    key: 'net/netfilter/nf_conntrack_max',
    value: '1048576',
    when: 'when connection tracking is more than 80 % full',
    why: 'a full table drops new connections; Source: linux Documentation/networking/nf_conntrack-sysctl.rst',
    by: ['doctor --fix'],
  },
  multipathIpv4: {
    key: 'net/ipv4/fib_multipath_hash_policy',
    value: '1',
    insteadOf: '0',
    when: 'with multipath routes: anycast addresses, several uplinks',
    why: 'at 0 all connections between two hosts take one path; at 1 each connection is hashed separately',
    by: ['doctor --fix'],
  },
  multipathIpv6: {
    key: 'net/ipv6/fib_multipath_hash_policy',
    value: '1',
    insteadOf: '0',
    when: 'with IPv6 multipath routes',
    why: 'the same for IPv6',
    by: ['doctor --fix'],
  },
  multicastGroups: {
    key: 'net/ipv4/igmp_max_memberships',
    value: '1024',
    insteadOf: '20',
    when: 'on routers with OSPF on more than 20 links; 10 where it elects a designated router',
    why: 'ospfd joins one or two groups on each link by one socket: links beyond the limit get no neighbors',
    by: ['doctor --fix'],
  },
  receiveBuffer: {
    key: 'net/core/rmem_max',
    value: '90000000',
    when: 'where zebra runs without CAP_NET_ADMIN',
    why: 'this then limits its buffer, and a burst of routes overruns it; Source: socket(7) SO_RCVBUFFORCE',
    by: ['doctor --fix'],
  },
} as const satisfies Readonly<Record<string, HostSetting>>;

/** What is off unless an operator has switched it on: doctor names it, and leaves it to him. */
export const OPERATOR_SETTINGS = {
  arpIgnore: {
    key: 'net/ipv4/conf/all/arp_ignore',
    value: '0',
    when: 'always',
    why: 'the gateway address is on the loopback link: at 1 and above the host does not answer ARP for it',
    by: ['you'],
  },
  proxyArp: {
    key: 'net/ipv4/conf/LINK/proxy_arp',
    value: '0',
    when: 'always; the Go plugin needed 1',
    why: "at 1 the host answers ARP for every address it has a route to, and attracts others' traffic",
    by: ['you'],
  },
  disableIpv6: {
    key: 'net/ipv6/conf/default/disable_ipv6',
    value: '0',
    when: 'with IPv6 networks',
    why: 'new links inherit it: at 1 containers with IPv6 do not start',
    by: ['you'],
  },
} as const satisfies Readonly<Record<string, HostSetting>>;

/** The whole table, in the order of docs/setup.md. */
export const HOST_SETTINGS: readonly HostSetting[] = [
  ...Object.values<HostSetting>(DAEMON_SETTINGS),
  ...Object.values<HostSetting>(DOCTOR_SETTINGS),
  ...Object.values<HostSetting>(OPERATOR_SETTINGS),
];

/** The link that a setting is of by one table's entry; undefined for any other setting. */
export function linkOfSetting({ key }: Pick<HostSetting, 'key'>, setting: string): string | undefined {
  const [before = '', after = ''] = key.split('LINK');
  if (!setting.startsWith(before) || !setting.endsWith(after)) return undefined;
  return setting.slice(before.length, setting.length - after.length);
}

/** The settings of one table's entry for a link. */
export function settingOf({ key }: Pick<HostSetting, 'key'>, link: string): string {
  return key.replace('LINK', link);
}
