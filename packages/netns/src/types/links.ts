import type { Listed } from './common.ts';
import type { Link, LinkChange, LinkFilter, LinkSelector, LinkSpec, VethSpec } from './link.ts';
import type { LinkDetails } from './link-details.ts';
import type { LinkSettings, NewLink, PortSettings } from './link-kinds.ts';

/** The links of one namespace. Every method rejects with {@link NetlinkError}. */
export interface Links {
  /**
   * Creates both ends of a veth pair, or nothing at all.
   *
   * Alias, up state and configuration of this end go in a second message, because the kernel does
   * not take them in the creating one; when it fails the pair is deleted again. The peer is left down.
   * @throws {@link NetlinkError} `EEXIST` naming the end whose name is taken.
   * Source: linux drivers/net/veth.c; `NLM_F_ECHO` on RTM_NEWLINK since kernel 6.2, looked up by name before.
   */
  createVeth(spec: VethSpec): Promise<{ readonly index: number; readonly peerIndex: number }>;
  /** Creates a dummy link, or nothing. @throws {@link NetlinkError} `EEXIST` */
  createDummy(spec: LinkSpec): Promise<{ readonly index: number }>;
  /** Creates a bridge, or nothing. @throws {@link NetlinkError} `EEXIST` */
  createBridge(spec: LinkSpec): Promise<{ readonly index: number }>;
  /**
   * Creates a link of any kind that this library has words for, or nothing. Sent on its own in a batch.
   *
   * @throws {@link NetlinkError} `EEXIST`; `EOPNOTSUPP` when the kernel lacks the kind
   */
  create(spec: NewLink): Promise<{ readonly index: number }>;
  /** Changes the settings of a link's kind. Sent on its own in a batch. @throws {@link NetlinkError} `ENODEV`, `EOPNOTSUPP` */
  configure(selector: LinkSelector, settings: LinkSettings): Promise<void>;
  /** Changes the settings of a port. Sent on its own in a batch. @throws {@link NetlinkError} `ENODEV`; `EOPNOTSUPP`: no port */
  configurePort(selector: LinkSelector, settings: PortSettings): Promise<void>;
  /** Everything that the kernel says of a link, or `undefined` when there is none. */
  inspect(selector: LinkSelector): Promise<LinkDetails | undefined>;
  /** The link, or `undefined` when there is none. */
  get(selector: LinkSelector): Promise<Link | undefined>;
  /**
   * The other end of a veth, in whatever namespace it is, or `undefined` when there is none: index and name are those of
   * that namespace. `CAP_NET_ADMIN` is needed there. Source: `IFLA_TARGET_NETNSID`, linux 5.0.
   */
  getPeer(selector: LinkSelector): Promise<Link | undefined>;
  list(filter?: LinkFilter): Promise<Listed<Link>>;
  /**
   * Changes a link in one message; an empty change does nothing.
   *
   * The kernel applies the fields one after another: after an error some may be in force.
   * @throws {@link NetlinkError} `ENODEV` when there is no such link.
   */
  set(selector: LinkSelector, change: LinkChange): Promise<void>;
  /** Deletes a link (and its veth peer); `false`: it was not there. Waits for RCU grace periods: ~15 ms each. */
  delete(selector: LinkSelector): Promise<boolean>;
  /**
   * Deletes every link of `group` in this namespace for the price of one delete; `false`: there was none.
   *
   * Takes whatever is in the group: reserve a number, and check who owns the links first.
   * @throws {@link NetlinkError} `EINVAL` for group 0, which holds every link that was not put elsewhere.
   */
  deleteGroup(group: number): Promise<boolean>;
}
