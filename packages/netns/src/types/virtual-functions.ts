import type { UnknownField } from './common.ts';
import type { LinkSelector } from './link.ts';

/** VLAN that the device puts packets of a virtual function into. */
export interface FunctionVlan {
  /** 0 to 4095; 0: none. */
  readonly id: number;
  /** 0 to 7. @defaultValue 0 */
  readonly priority?: number;
  /** @defaultValue `802.1Q` */
  readonly protocol?: '802.1Q' | '802.1ad';
}

/** What to change of a virtual function; what is absent stays as it is. */
export interface FunctionChange {
  /** All zero: the guest chooses. */
  readonly mac?: string;
  readonly vlan?: FunctionVlan;
  /** Mbit/s; 0: no limit. Both rates go together: the one that is absent is 0. */
  readonly maxTxRateMbitPerSec?: number;
  readonly minTxRateMbitPerSec?: number;
  /** Packets from other addresses than its own are dropped. */
  readonly spoofCheck?: boolean;
  /** `auto`: as that of the device. */
  readonly linkState?: 'auto' | 'enable' | 'disable';
  /** The guest may ask its driver how receive queues are chosen. */
  readonly rssQuery?: boolean;
  /** The guest may do what concerns others, such as to listen to everything. */
  readonly trust?: boolean;
}

/** A virtual function as the kernel reports it. */
export interface VirtualFunction extends FunctionChange {
  readonly number: number;
  /** Addresses of InfiniBand, which are longer, are in {@link VirtualFunction.unknown}. */
  readonly broadcastMac?: string;
  readonly unknown?: readonly UnknownField[];
}

/**
 * The virtual functions (SR-IOV) of network cards. Every method rejects with {@link NetlinkError}. Not in a batch.
 *
 * How many there are is `sriov_numvfs` of the device in /sys. Source: linux uapi if_link.h `IFLA_VF_*`.
 */
export interface VirtualFunctions {
  /** Those of a device; none if it has none. Up to some hundred: more do not fit the kernel's answer. @throws {@link NetlinkError} `ENODEV` */
  list(selector: LinkSelector): Promise<readonly VirtualFunction[]>;
  /**
   * Changes one, in one message.
   *
   * @throws {@link NetlinkError} `ENODEV`; `EOPNOTSUPP`: the device has none, or its driver cannot do it
   */
  set(selector: LinkSelector, number: number, change: FunctionChange): Promise<void>;
}
