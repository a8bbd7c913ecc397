import type { CheckResult } from '@routed/doctor';
import type { DriverReport, JournalEntry, RefusedPacket } from '@routed/driver';
import type { RouterReport } from '@routed/quagga/show';
import type { AddressStory } from '../shape/addresses.ts';
import type { Latency } from '../shape/overview.ts';
import type { Steps } from '@routed/driver/steps';

/** The last ones of a kind, and who wants to hear of further ones. */
export interface RecentSource<T> {
  /** The oldest first. */
  latest(count: number): readonly T[];
  /** Calls the listener for each further one, until the function returned is called. */
  follow(listener: (item: T) => void): () => void;
}

/** Counters of a link that leads off the host. */
export interface LinkReading {
  readonly name: string;
  readonly isUp: boolean;
  readonly mtuBytes: number;
  readonly inBytes: number;
  readonly outBytes: number;
}

/** What the page is made of; every part is asked for only while somebody looks. */
export interface WebSources {
  /** What the driver knows, in steps. */
  readonly report: () => Steps<DriverReport>;
  /** Has Docker asked for the names of containers: of those that nobody has asked for yet, the report has none. */
  readonly refreshNames: () => Promise<unknown>;
  readonly journal: RecentSource<JournalEntry>;
  readonly refused: RecentSource<RefusedPacket>;
  /** One address, as `routed-plugin why` sees it. Rejects a text that is no address. */
  readonly story: (address: string) => Promise<AddressStory>;
  /** Examines the host, in another process: that takes a while. */
  readonly examine: () => Promise<readonly CheckResult[]>;
  readonly routers: () => Promise<RouterReport>;
  readonly uplinks: () => Promise<readonly LinkReading[]>;
  readonly latencies: () => Promise<readonly Latency[]>;
}
