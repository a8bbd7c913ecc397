import type { Listed, UnknownField } from './common.ts';

/** `static` does not age, `permanent` is an address of this host, `dynamic` ages like a learnt one. */
export type ForwardingState = 'permanent' | 'static' | 'dynamic';

/** Which entry of a forwarding database: where the link sends frames for a MAC address. */
export interface ForwardingKey {
  /** A port of a bridge, a bridge, or a link with a database of its own, such as VXLAN. */
  readonly linkIndex: number;
  readonly mac: string;
  /** 1 to 4094. */
  readonly vlan?: number;
  /** The entry is one of the bridge of this port (`master`). Default: one of the link itself (`self`). */
  readonly isMaster?: boolean;
  /** VXLAN: the other end. */
  readonly remote?: string;
  /** VXLAN: UDP port of the other end. */
  readonly port?: number;
  /** VXLAN: network identifier to send with. */
  readonly vni?: number;
  /** VXLAN: network identifier that the frame came with. */
  readonly sourceVni?: number;
  /** VXLAN: link to send through. */
  readonly viaIndex?: number;
}

/** An entry to install. */
export interface NewForwardingEntry extends ForwardingKey {
  /** @defaultValue permanent */
  readonly state?: ForwardingState;
  /** VXLAN: the next-hop object with the other ends, in place of `remote`. */
  readonly nextHopId?: number;
  /** Another port that learns the address does not take it over. */
  readonly isSticky?: boolean;
  /** Learnt by someone else than the kernel, such as a routing daemon. */
  readonly isExternallyLearnt?: boolean;
}

/** An entry as the kernel reports it. Source: linux uapi neighbour.h, family `AF_BRIDGE`. */
export interface ForwardingEntry extends Omit<NewForwardingEntry, 'state'> {
  readonly state: ForwardingState;
  /** The bridge whose entry it is. */
  readonly masterIndex?: number;
  readonly isMaster: boolean;
  readonly isSticky: boolean;
  readonly isExternallyLearnt: boolean;
  readonly isOffloaded: boolean;
  /** What this library cannot name. */
  readonly unknown?: readonly UnknownField[];
}

/** Narrows {@link ForwardingDatabase.list}; the kernel does the filtering. */
export interface ForwardingFilter {
  readonly linkIndex?: number;
  /** Entries of this bridge and its ports. */
  readonly masterIndex?: number;
}

/** The forwarding databases (FDB) of the links of one namespace. Every method rejects with {@link NetlinkError}. Not in a batch. */
export interface ForwardingDatabase {
  /** @throws {@link NetlinkError} `EEXIST`, `ENODEV`; `EOPNOTSUPP` for a link without a database */
  add(spec: NewForwardingEntry): Promise<void>;
  /** VXLAN: one more other end for the same MAC address; frames go to all. */
  append(spec: NewForwardingEntry): Promise<void>;
  replace(spec: NewForwardingEntry): Promise<void>;
  /** `false`: there is no such entry, or no such link. */
  delete(key: ForwardingKey): Promise<boolean>;
  list(filter?: ForwardingFilter): Promise<Listed<ForwardingEntry>>;
}

/** VLANs of a port of a bridge with VLAN filtering, or of the bridge itself. */
export interface BridgeVlan {
  readonly linkIndex: number;
  /** 1 to 4094; of several in a row the first. */
  readonly id: number;
  /** The last of several in a row. @defaultValue `id` */
  readonly lastId?: number;
  /** Frames without a tag that come in are of this VLAN; of one, not of several. */
  readonly isPvid?: boolean;
  /** Frames go out without a tag. */
  readonly isUntagged?: boolean;
}

/** As the kernel reports them. Source: linux uapi if_bridge.h `struct bridge_vlan_info`. */
export interface ReportedBridgeVlan extends Required<BridgeVlan> {
  /** The bridge of the port; absent for the bridge itself. */
  readonly masterIndex?: number;
}

/** Whose VLANs. */
export interface BridgeVlanTarget {
  /** The link is the bridge itself (`self`), not a port. */
  readonly isSelf?: boolean;
}

/** The VLANs of the ports of the bridges of one namespace. Every method rejects with {@link NetlinkError}. Not in a batch. */
export interface BridgeVlans {
  /** Adds, or changes the flags. @throws {@link NetlinkError} `EOPNOTSUPP`: no port of a bridge, or a kernel without VLAN filtering */
  add(vlan: BridgeVlan & BridgeVlanTarget): Promise<void>;
  /** Does nothing where they are not. @throws {@link NetlinkError} as {@link add} */
  delete(vlan: Pick<BridgeVlan, 'linkIndex' | 'id' | 'lastId'> & BridgeVlanTarget): Promise<void>;
  /** Neighbouring ones with the same flags come as one. */
  list(): Promise<Listed<ReportedBridgeVlan>>;
}
