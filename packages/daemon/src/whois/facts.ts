import type { DaemonReport } from '@routed/driver/daemon-report';
import type { AddressRecord } from '@routed/driver/replies';
import type { Route } from '@routed/netns';
import type { PrefixOrigin } from '@routed/quagga/show';

/** What is known of who has an address. */
export interface OwnerFacts {
  readonly address: string;
  /** Undefined: the daemon does not answer. */
  readonly record: AddressRecord | undefined;
  /** What the daemon says of the whole host; undefined: it does not answer. */
  readonly report: Pick<DaemonReport, 'pools' | 'conflicts'> | undefined;
  /** The entry of the routing table that a packet to the address takes; undefined: none. */
  readonly route: Route | undefined;
  /** Names of links by index. */
  readonly linkNames: ReadonlyMap<number, string>;
  /** Who announces it, as the router heard; null: it has no route; undefined: it does not answer. */
  readonly origin: PrefixOrigin | null | undefined;
  /** Routing daemons that run and do not answer in time. */
  readonly stuckDaemons: readonly string[];
}
