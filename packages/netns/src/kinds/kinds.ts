import type { AttributeSet } from '../attributes/attribute-set.ts';
import type { LinkKinds, PortKinds, ReportedKinds } from '../types/link-kinds.ts';
import { BOND } from './bond.ts';
import { BRIDGE, BRIDGE_PORT } from './bridge.ts';
import { GRE } from './gre.ts';
import { IP_TUNNEL } from './ip-tunnel.ts';
import { IPVLAN } from './ipvlan.ts';
import { MACVLAN } from './macvlan.ts';
import { NETKIT } from './netkit.ts';
import { NO_SETTINGS } from './none.ts';
import { TUN } from './tun.ts';
import { VLAN } from './vlan.ts';
import { VRF } from './vrf.ts';
import { VXLAN } from './vxlan.ts';

/** What a link of each kind is told (`IFLA_INFO_DATA`). */
export const LINK_KINDS: { readonly [Kind in keyof LinkKinds]: AttributeSet<LinkKinds[Kind]> } = {
  bond: BOND,
  bridge: BRIDGE,
  dummy: NO_SETTINGS,
  gre: GRE,
  gretap: GRE,
  ifb: NO_SETTINGS,
  ipip: IP_TUNNEL,
  ipvlan: IPVLAN,
  macvlan: MACVLAN,
  macvtap: MACVLAN,
  netkit: NETKIT,
  sit: IP_TUNNEL,
  vlan: VLAN,
  vrf: VRF,
  vxlan: VXLAN,
  wireguard: NO_SETTINGS,
};

/** What the kernel says of links of each kind; those that /dev/net/tun makes are not created by a message. */
export const REPORTED_KINDS: { readonly [Kind in keyof ReportedKinds]: AttributeSet<ReportedKinds[Kind]> } = {
  ...LINK_KINDS,
  tun: TUN,
};

/** What a port of each kind of link is told (`IFLA_INFO_SLAVE_DATA`). */
export const PORT_KINDS: { readonly [Kind in keyof PortKinds]: AttributeSet<PortKinds[Kind]> } = {
  bridge: BRIDGE_PORT,
};

/** Kinds that are made on a link below, which the message names outside the settings (`IFLA_LINK`). */
export const ON_LOWER: ReadonlySet<string> = new Set(['ipvlan', 'macvlan', 'macvtap', 'vlan']);
