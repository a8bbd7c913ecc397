import type { UnknownField } from './common.ts';
import type { Link } from './link.ts';
import type { PortKinds, ReportedKinds, ReportedSettings } from './link-kinds.ts';

/** Counters of a link, rounded beyond 9007199254740991. Source: linux uapi if_link.h `struct rtnl_link_stats64`. */
export interface LinkStatistics {
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxErrors: number;
  readonly txErrors: number;
  readonly rxDropped: number;
  readonly txDropped: number;
  readonly multicast: number;
  readonly collisions: number;
}

/** Everything that the kernel says of a link. */
export interface LinkDetails extends Link {
  /** Of kinds in {@link ReportedKinds}; those of other kinds are in {@link LinkDetails.unknown}. */
  readonly settings?: ReportedSettings<ReportedKinds>;
  /** Its settings as a port of {@link Link.masterIndex}. */
  readonly port?: ReportedSettings<PortKinds>;
  readonly statistics?: LinkStatistics;
  /** Names besides {@link Link.name}. */
  readonly altNames?: readonly string[];
  /** How often the carrier came or went. */
  readonly carrierChanges?: number;
  readonly broadcastMac?: string;
  readonly minMtuBytes?: number;
  readonly maxMtuBytes?: number;
  readonly txQueues?: number;
  readonly rxQueues?: number;
  /** How many programs listen to everything. */
  readonly promiscuity?: number;
  /** Queueing discipline of the link. */
  readonly queueingDiscipline?: string;
  /** Largest packet that is segmented late. */
  readonly gsoMaxBytes?: number;
  readonly gsoMaxSegments?: number;
  readonly tsoMaxBytes?: number;
  readonly tsoMaxSegments?: number;
  readonly groMaxBytes?: number;
  /** Virtual functions of the device. */
  readonly virtualFunctions?: number;
  readonly unknown?: readonly UnknownField[];
}
