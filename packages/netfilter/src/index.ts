/**
 * Firewall rules for routed container links: forwarding past Docker's firewall, and filters for each container.
 *
 * @packageDocumentation
 */
export { type CommandResult, type CommandRunner, runCommand, runCommandIn } from './command-runner.ts';
export {
  type AcceptanceOutcome,
  createForwardAcceptance,
  type ForwardAcceptance,
  OVERRULED_REMEDY,
  type Overruler,
} from './forward-acceptance.ts';
export { isRejectedByFirewalld } from './firewalld.ts';
export { createForwardPolicies, type ForwardPolicies, type ForwardProgram, type Policy } from './forward-policy.ts';
export { FORWARD_CHAIN, forwardRules } from './forward-rules.ts';
export {
  type AllowEntry,
  type AllowList,
  type NamedEntry,
  type Direction,
  DIRECTIONS,
  PROTOCOLS,
  type Service,
} from './allow-list/allow-list.ts';
export { type Attempt, entryThatAllows } from './allow-list/allows.ts';
export { formatAllowList, formatEntry, formatName } from './allow-list/format.ts';
export { parseAllowList } from './allow-list/parse.ts';
export { type Connections, createConnections } from './conntrack/connections.ts';
export type { Counter } from './codec/set-elements.ts';
export type { EndpointFilters, FilterCounters, FiltersOutcome, ListCounters } from './filters/contract.ts';
export { createEndpointFilters } from './filters/endpoint-filters.ts';
export { type EndpointFilter, isUntracked, OPEN_WHEN_AWAY_SET } from './filters/layout.ts';
export type { RefusalPrefix, RulesetOptions } from './filters/ruleset.ts';
export type { TimedAddress } from './filters/timed-elements.ts';
export type { IpPacket } from './codec/ip-packet.ts';
export type { LoggedPacket } from './codec/packet-log.ts';
export { openPacketLog, type PacketLog, type PacketLogOptions } from './log/packet-log.ts';
export { type ConnectionMarks, createConnectionMarks } from './marks/connection-marks.ts';
export { CONNECTION_MARKS, type MarkedTraffic } from './marks/marks-script.ts';
export { findRules } from './own-rules.ts';
export { isNetfilterError, NetfilterError, type NetfilterErrorCode } from './netfilter-error.ts';
export type { PacketVerdict, QueuedPacket } from './codec/packet-queue.ts';
export {
  openPacketQueue,
  type PacketQueue,
  type PacketQueueEvents,
  type PacketQueueOptions,
} from './queue/packet-queue.ts';
export {
  ensureMarkedQueue,
  findQueueWay,
  type MarkedQueueOptions,
  type QueueWay,
  removeMarkedQueue,
} from './queue/queue-rules.ts';
export { parseQueueStatistics, queueStatistics, type QueueStatistics } from './queue/queue-statistics.ts';
export {
  type DamagedRules,
  type RulesetWatch,
  type RulesetWatchEvents,
  type RulesetWatchOptions,
  watchRuleset,
} from './ruleset-watch.ts';
export type {
  NamedSet,
  NewElement,
  NfTable,
  SetMember,
  SetSpec,
  SetState,
  Step,
  TableFamily,
  TableReference,
} from './tables/contract.ts';
export type { Key, KeyField } from './tables/key-fields.ts';
export { loadRules } from './tables/load-rules.ts';
export { createNfTable } from './tables/nf-table.ts';
export { type TableWatch, type TableWatchEvents, type TableWatchOptions, watchTables } from './tables/table-watch.ts';
export { isRejectedByUfw } from './ufw.ts';
export { concernsUplinks, type UplinkFacts, uplinkNames } from './uplinks.ts';
