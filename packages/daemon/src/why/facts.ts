import type { AddressRecord } from '@routed/driver/replies';
import type { Link, Neighbour, Route } from '@routed/netns';
import type { Announcements } from '@routed/quagga/show';

/** What a container's namespace says of the address. */
export interface SandboxFacts {
  /** Why the namespace could not be looked into; absent: it was. */
  readonly unreachable?: string;
  /** Whether the container's link has the address. */
  readonly hasAddress: boolean;
  readonly isUp: boolean;
}

/** What the firewall says of packets of containers. */
export interface FirewallFacts {
  readonly policy: string;
  /** Whether our chain is called from FORWARD. */
  readonly hasChain: boolean;
}

/** Everything that is known about one address, from the lease to the remote next hop. */
export interface AddressFacts {
  readonly address: string;
  /** Undefined: the daemon does not answer. */
  readonly record: AddressRecord | undefined;
  /** The entry of the main table that a packet to the address takes; undefined: none. */
  readonly route: Route | undefined;
  readonly routeLink: Link | undefined;
  /** The host's end of the endpoint's link. */
  readonly link: Link | undefined;
  readonly neighbour: Neighbour | undefined;
  /** The setting that keeps the host from answering ARP for the gateway, as `KEY is VALUE`; undefined: none does, or no IPv4. */
  readonly silentArp: string | undefined;
  readonly sandbox: SandboxFacts | undefined;
  /** Undefined: no iptables on this host. */
  readonly firewall: FirewallFacts | undefined;
  /** Undefined: no routing daemon on this host, or it does not answer. */
  readonly router: Announcements | undefined;
  /** Routing daemons that run and do not answer in time. */
  readonly stuckDaemons: readonly string[];
}
