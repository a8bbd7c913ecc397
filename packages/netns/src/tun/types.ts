/** What programs see of a link: IP packets, or Ethernet frames. */
export type TunMode = 'tun' | 'tap';

/** The link to make, or to attach to. Source: linux uapi if_tun.h, docs networking/tuntap. */
export interface TunSpec {
  readonly mode: TunMode;
  /** 1 to 15 bytes; `tap%d` has the kernel count. @defaultValue `tun%d` or `tap%d` */
  readonly name?: string;
  /** The link stays when its last descriptor is closed, as those of `ip tuntap add` do. @defaultValue false */
  readonly persistent?: boolean;
  /** Ids of those who may attach to it later without `CAP_NET_ADMIN`. @defaultValue nobody */
  readonly ownerId?: number;
  readonly groupId?: number;
  /** Each packet has four bytes before it, flags and protocol. @defaultValue false */
  readonly packetInformation?: boolean;
  /** Several descriptors may attach, each with packets of its own. @defaultValue false */
  readonly multiQueue?: boolean;
}

/** A descriptor that is attached to a tun or tap link. */
export interface Tun extends AsyncDisposable {
  /**
   * Reading takes a packet that the link sends, writing has it receive one. Not blocking: `EAGAIN` when there is none.
   * Closed by {@link Tun.close}; it does not survive a `Worker` or a child process.
   */
  readonly fd: number;
  /** The name that the kernel chose. */
  readonly name: string;
  /** Deletes the link, unless it is persistent or another descriptor is attached. May be repeated. */
  close(): Promise<void>;
}
