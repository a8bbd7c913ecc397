import type { Decoded } from './common.ts';
import type { LinkSpec } from './link.ts';
import type { NumberRange } from './rule.ts';

/** `dummy`, `ifb` and `wireguard` take no settings when they are created. */
export type NoSettings = object;

/** One priority for another. */
export interface PriorityMapping {
  readonly from: number;
  readonly to: number;
}

/** A VLAN of the link below. Source: linux uapi if_link.h `IFLA_VLAN_*`, if_vlan.h `VLAN_FLAG_*`. */
export interface VlanSettings {
  /** 0 to 4094. */
  readonly id: number;
  /** @defaultValue `802.1Q` */
  readonly protocol?: '802.1Q' | '802.1ad';
  readonly flags?: {
    /** The tag is taken off received packets; on unless it is turned off. */
    readonly reorderHeader?: boolean;
    readonly gvrp?: boolean;
    readonly mvrp?: boolean;
    /** The link has carrier whatever the link below has. */
    readonly looseBinding?: boolean;
    /** The carrier follows the ports of the bridge below that are in this VLAN. */
    readonly bridgeBinding?: boolean;
  };
  /** From priorities in the tag to priorities of the packet. */
  readonly ingressPriorities?: readonly PriorityMapping[];
  /** From priorities of the packet to priorities in the tag. */
  readonly egressPriorities?: readonly PriorityMapping[];
}

/**
 * A link with a MAC address of its own on the link below: `macvlan`, and `macvtap` with a character device.
 * Source: linux uapi if_link.h `IFLA_MACVLAN_*`.
 */
export interface MacvlanSettings {
  /** Whom it talks to on the link below. @defaultValue `vepa` */
  readonly mode?: 'private' | 'vepa' | 'bridge' | 'passthru' | 'source';
  readonly flags?: {
    /** The link below is not made promiscuous; for `passthru`. */
    readonly noPromiscuity?: boolean;
    /** Packets are told by their source alone; for `source`. */
    readonly noDestination?: boolean;
  };
  /** Broadcasts that may wait. @defaultValue 1000 */
  readonly broadcastQueueLength?: number;
}

/** A link that shares the MAC address of the link below. Source: linux uapi if_link.h `IFLA_IPVLAN_*`, `IPVLAN_*`. */
export interface IpvlanSettings {
  /** @defaultValue `l3` */
  readonly mode?: 'l2' | 'l3' | 'l3s';
  /** Whom it talks to on the link below. @defaultValue `bridge` */
  readonly isolation?: 'bridge' | 'private' | 'vepa';
}

/** A routing domain; its ports look routes up in its table. Source: linux uapi if_link.h `IFLA_VRF_*`. */
export interface VrfSettings {
  /** 1 to 4294967295. */
  readonly table: number;
}

/** A VXLAN tunnel. Source: linux uapi if_link.h `IFLA_VXLAN_*`, RFC 7348. */
export interface VxlanSettings {
  /** The VNI, 0 to 16777215; not with `external`. */
  readonly id?: number;
  /** The other end, or a multicast group. */
  readonly remote?: string;
  readonly local?: string;
  /** The link that packets of the tunnel leave by; needed for a multicast group. */
  readonly lowerIndex?: number;
  /** Of the outer packets; 0: the kernel's default, or that of the inner packet for a multicast group. */
  readonly ttl?: number;
  /** 1 inherits that of the inner packet. */
  readonly tos?: number;
  readonly flowLabel?: number;
  readonly dontFragment?: 'unset' | 'set' | 'inherit';
  /** UDP port. The kernel's default is 8472; that of RFC 7348 is 4789. */
  readonly destinationPort?: number;
  /** UDP ports, chosen by a hash of the inner packet. */
  readonly sourcePorts?: NumberRange;
  /** Learn where MAC addresses are; on unless it is turned off. */
  readonly learning?: boolean;
  readonly ageingSec?: number;
  /** Most entries in the forwarding table; 0: any number. */
  readonly maxAddresses?: number;
  /** Answer ARP and neighbour solicitations from the neighbour table. */
  readonly proxy?: boolean;
  readonly routeShortCircuit?: boolean;
  readonly notifyL2Miss?: boolean;
  readonly notifyL3Miss?: boolean;
  readonly udpChecksum?: boolean;
  readonly udp6ZeroChecksumTx?: boolean;
  readonly udp6ZeroChecksumRx?: boolean;
  /** Group policy extension. */
  readonly groupPolicy?: boolean;
  /** Generic protocol extension; with `external`. */
  readonly genericProtocol?: boolean;
  /** Another program says for each packet where it goes. */
  readonly external?: boolean;
  /** Only VNIs that are listed; with `external`. Kernel 5.18. */
  readonly vniFilter?: boolean;
}

/** Several links as one. Source: linux uapi if_link.h `IFLA_BOND_*`, docs networking/bonding. */
export interface BondSettings {
  readonly mode?:
    'balance-rr' | 'active-backup' | 'balance-xor' | 'broadcast' | '802.3ad' | 'balance-tlb' | 'balance-alb';
  readonly activePortIndex?: number;
  readonly miiMonitorMs?: number;
  readonly upDelayMs?: number;
  readonly downDelayMs?: number;
  readonly peerNotificationDelayMs?: number;
  readonly useCarrier?: boolean;
  readonly arpIntervalMs?: number;
  /** Up to 16 IPv4 addresses. */
  readonly arpTargets?: readonly string[];
  /** Up to 16 IPv6 addresses. */
  readonly nsTargets?: readonly string[];
  readonly arpValidate?: 'none' | 'active' | 'backup' | 'all' | 'filter' | 'filter_active' | 'filter_backup';
  readonly arpAllTargets?: 'any' | 'all';
  readonly arpMissedMax?: number;
  readonly primaryIndex?: number;
  readonly primaryReselect?: 'always' | 'better' | 'failure';
  readonly failOverMac?: 'none' | 'active' | 'follow';
  readonly transmitHashPolicy?: 'layer2' | 'layer3+4' | 'layer2+3' | 'encap2+3' | 'encap3+4' | 'vlan+srcmac';
  readonly igmpResends?: number;
  readonly peerNotifications?: number;
  readonly allPortsActive?: boolean;
  readonly minLinks?: number;
  readonly learningPacketIntervalSec?: number;
  readonly packetsPerPort?: number;
  readonly tlbDynamic?: boolean;
  readonly lacpActive?: boolean;
  /** Receiving and sending start together (802.3ad). */
  readonly coupledControl?: boolean;
  readonly lacpRate?: 'slow' | 'fast';
  readonly aggregatorSelection?: 'stable' | 'bandwidth' | 'count';
  readonly actorSystemPriority?: number;
  readonly actorSystem?: string;
  readonly userPortKey?: number;
}

/** A switch in the kernel. Times are multiples of 10. Source: linux uapi if_link.h `IFLA_BR_*`. */
export interface BridgeSettings {
  readonly forwardDelayMs?: number;
  readonly helloTimeMs?: number;
  readonly maxAgeMs?: number;
  /** How long a MAC address that was learnt is kept. @defaultValue 300000 */
  readonly ageingTimeMs?: number;
  /** Who runs the spanning tree protocol. @defaultValue `off` */
  readonly stp?: 'off' | 'kernel' | 'user';
  readonly priority?: number;
  /** Ports let pass what is in their VLANs only. */
  readonly vlanFiltering?: boolean;
  readonly vlanProtocol?: '802.1Q' | '802.1ad';
  /** The VLAN of untagged packets, given to new ports; 0: none. @defaultValue 1 */
  readonly defaultVlan?: number;
  readonly vlanStatistics?: boolean;
  readonly vlanStatisticsPerPort?: boolean;
  readonly groupForwardMask?: number;
  readonly groupAddress?: string;
  readonly multicastRouter?: 'disabled' | 'automatic' | 'permanent';
  readonly multicastSnooping?: boolean;
  readonly multicastQuerier?: boolean;
  readonly multicastQueryUsesAddress?: boolean;
  readonly multicastStatistics?: boolean;
  readonly multicastHashMax?: number;
  readonly lastMemberCount?: number;
  readonly startupQueryCount?: number;
  readonly lastMemberIntervalMs?: number;
  readonly membershipIntervalMs?: number;
  readonly querierIntervalMs?: number;
  readonly queryIntervalMs?: number;
  readonly queryResponseIntervalMs?: number;
  readonly startupQueryIntervalMs?: number;
  readonly igmpVersion?: number;
  readonly mldVersion?: number;
  /** Packets that are only switched go through iptables. */
  readonly callIptables?: boolean;
  readonly callIp6tables?: boolean;
  readonly callArptables?: boolean;
  readonly options?: {
    readonly noLinkLocalLearning?: boolean;
    readonly multicastVlanSnooping?: boolean;
    readonly multipleSpanningTrees?: boolean;
    readonly mdbOffloadFailNotification?: boolean;
    readonly fdbLocalVlan0?: boolean;
  };
}

/** A port of a bridge. Source: linux uapi if_link.h `IFLA_BRPORT_*`. */
export interface BridgePortSettings {
  readonly state?: 'disabled' | 'listening' | 'learning' | 'forwarding' | 'blocking';
  readonly priority?: number;
  /** Of the path, for the spanning tree. */
  readonly cost?: number;
  /** Packets may leave by the port that they came in by. */
  readonly hairpin?: boolean;
  /** The port is disabled when another switch speaks the spanning tree protocol on it. */
  readonly guard?: boolean;
  readonly rootBlock?: boolean;
  readonly fastLeave?: boolean;
  readonly learning?: boolean;
  /** Packets to unknown addresses leave by it. */
  readonly flood?: boolean;
  readonly multicastFlood?: boolean;
  readonly broadcastFlood?: boolean;
  readonly multicastToUnicast?: boolean;
  readonly multicastRouter?: 'disabled' | 'automatic' | 'permanent' | 'temporary';
  readonly proxyArp?: boolean;
  readonly proxyArpWifi?: boolean;
  readonly neighbourSuppress?: boolean;
  readonly vlanTunnel?: boolean;
  /** It does not talk to other isolated ports. */
  readonly isolated?: boolean;
  /** Only from MAC addresses in the forwarding table. Kernel 5.18. */
  readonly locked?: boolean;
  readonly groupForwardMask?: number;
  /** Port that takes over when this one has no carrier; 0: none. */
  readonly backupPortIndex?: number;
}

/** UDP around a tunnel, which both ends must agree on. Source: linux uapi if_tunnel.h `TUNNEL_ENCAP_*`. */
export interface Encapsulation {
  readonly encapsulation?: 'none' | 'fou' | 'gue' | 'mpls';
  readonly encapsulationFlags?: {
    readonly checksum?: boolean;
    readonly checksum6?: boolean;
    readonly remoteChecksum?: boolean;
  };
  /** UDP port; 0: chosen by a hash of the inner packet. */
  readonly encapsulationSourcePort?: number;
  readonly encapsulationDestinationPort?: number;
}

/**
 * IP packets in IPv4 packets: `ipip` (IPv4 within) and `sit` (IPv6 within). Source: linux uapi if_tunnel.h `IFLA_IPTUN_*`.
 */
export interface IpTunnelSettings extends Encapsulation {
  /** The link that packets of the tunnel leave by. */
  readonly lowerIndex?: number;
  readonly local?: string;
  readonly remote?: string;
  /** Of the outer packets; 0: that of the inner packet. */
  readonly ttl?: number;
  /** 1 inherits that of the inner packet. */
  readonly tos?: number;
  readonly pathMtuDiscovery?: boolean;
  /** What is within. */
  readonly protocol?: 'any' | 'ipip' | 'ip6ip' | 'mpls';
  readonly flags?: { readonly isatap?: boolean };
  /** Firewall mark of the outer packets. */
  readonly mark?: number;
  /** Another program says for each packet where it goes. */
  readonly external?: boolean;
}

/** What both directions of a GRE tunnel share. */
export interface GreCommon extends Encapsulation {
  /** The link that packets of the tunnel leave by. */
  readonly lowerIndex?: number;
  readonly local?: string;
  readonly remote?: string;
  /** Key of packets that come in; absent: they have none. */
  readonly inputKey?: number;
  /** Key of packets that go out; absent: they have none. */
  readonly outputKey?: number;
  /** Of the outer packets; 0: that of the inner packet. */
  readonly ttl?: number;
  /** 1 inherits that of the inner packet. */
  readonly tos?: number;
  readonly pathMtuDiscovery?: boolean;
  readonly ignoreDontFragment?: boolean;
  /** Firewall mark of the outer packets. */
  readonly mark?: number;
  /** Another program says for each packet where it goes. */
  readonly external?: boolean;
}

/** GRE over IPv4: `gre` for IP packets, `gretap` for frames. Source: linux uapi if_tunnel.h `IFLA_GRE_*`, RFC 2784, 2890. */
export interface GreSettings extends GreCommon {
  /** What packets that come in must have. */
  readonly input?: { readonly checksum?: boolean; readonly sequence?: boolean };
  /** What packets that go out have. */
  readonly output?: { readonly checksum?: boolean; readonly sequence?: boolean };
}

/** The other end of a netkit pair, in the same namespace; {@link Links.set} moves it. */
export interface NetkitPeer {
  readonly name?: string;
  readonly mtuBytes?: number;
  readonly mac?: string;
}

/** A pair of links that eBPF programs run on. Kernel 6.7. Source: linux uapi if_link.h `IFLA_NETKIT_*`. */
export interface NetkitSettings {
  /** Packets or frames. @defaultValue `l3` */
  readonly mode?: 'l2' | 'l3';
  /** What becomes of packets that no program judged. @defaultValue `forward` */
  readonly policy?: 'forward' | 'blackhole';
  readonly peerPolicy?: 'forward' | 'blackhole';
  readonly peer?: NetkitPeer;
}

/** Kinds of links that {@link Links.create} makes, and their settings. A veth pair is made by {@link Links.createVeth}. */
export interface LinkKinds {
  readonly bond: BondSettings;
  readonly bridge: BridgeSettings;
  readonly dummy: NoSettings;
  readonly gre: GreSettings;
  readonly gretap: GreSettings;
  readonly ifb: NoSettings;
  readonly ipip: IpTunnelSettings;
  readonly ipvlan: IpvlanSettings;
  readonly macvlan: MacvlanSettings;
  readonly macvtap: MacvlanSettings;
  readonly netkit: NetkitSettings;
  readonly sit: IpTunnelSettings;
  readonly vlan: VlanSettings;
  readonly vrf: VrfSettings;
  readonly vxlan: VxlanSettings;
  /** Keys and peers are set by `@routed/netns/wireguard`. */
  readonly wireguard: NoSettings;
}

/** A link whose other end is a program, made by `@routed/netns/tun`. Source: linux uapi if_link.h `IFLA_TUN_*`. */
export interface TunSettings {
  readonly mode?: 'tun' | 'tap';
  readonly ownerId?: number;
  readonly groupId?: number;
  readonly packetInformation?: boolean;
  /** Each packet has a `struct virtio_net_hdr` before it. */
  readonly offloadHeader?: boolean;
  readonly persistent?: boolean;
  readonly multiQueue?: boolean;
  readonly queues?: number;
  readonly disabledQueues?: number;
}

/** Kinds whose settings {@link Links.inspect} shows: also those that another way makes. */
export interface ReportedKinds extends LinkKinds {
  readonly tun: TunSettings;
}

/** Kinds of links whose ports have settings. */
export interface PortKinds {
  readonly bridge: BridgePortSettings;
}

/** Of a link on top of another one; `Link.peerIndex` shows it later. */
interface OnLower {
  /** Index of the link below (`IFLA_LINK`). */
  readonly lowerIndex: number;
}
type KindsOnLower = 'ipvlan' | 'macvlan' | 'macvtap' | 'vlan';

/** A link to create: its kind, what every link has, and the settings of the kind. */
export type NewLink = {
  readonly [Kind in keyof LinkKinds]: LinkSpec & { readonly kind: Kind } & (Kind extends KindsOnLower
      ? OnLower
      : unknown) &
    LinkKinds[Kind];
}[keyof LinkKinds];

/** Settings to change; those that are absent stay as they are. Many can be given at creation only, and the kernel says so. */
export type LinkSettings = {
  readonly [Kind in keyof LinkKinds]: { readonly kind: Kind } & Partial<LinkKinds[Kind]>;
}[keyof LinkKinds];

/** Settings of a port to change; those that are absent stay as they are. */
export type PortSettings = {
  readonly [Kind in keyof PortKinds]: { readonly kind: Kind } & PortKinds[Kind];
}[keyof PortKinds];

/** Settings as the kernel reports them. */
export type ReportedSettings<Kinds> = {
  readonly [Kind in keyof Kinds]: { readonly kind: Kind } & Decoded<Kinds[Kind]>;
}[keyof Kinds];
