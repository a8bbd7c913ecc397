/**
 * Traffic control: queueing disciplines, classes, filters and actions, as tc(8) has them.
 *
 * @packageDocumentation
 */
import { type Check, object, optional } from './check/check.ts';
import { NETNS, requireOptions } from './check/options.ts';
import { openNetlink } from './netlink.ts';
import { KernelTrafficControl } from './tc/kernel-traffic-control.ts';
import type { TrafficControl } from './tc/types.ts';
import type { Netns } from './types/netns.ts';

export { isNetlinkError, isNetnsError, NetlinkError, NetnsError } from './errors.ts';
export { openPinnedProgram, type PinnedProgram } from './tc/pinned-program.ts';
export { matchPrefix } from './tc/filters/u32.ts';
export type { NetemGemodel, NetemLossState, NetemSettings, NetemSlot } from './tc/netem-types.ts';
export type {
  BfifoSettings,
  ClassKinds,
  FqCodelSettings,
  FqSettings,
  HtbClassSettings,
  HtbSettings,
  PfifoSettings,
  QdiscKinds,
  RateOptions,
  TbfSettings,
} from './tc/qdisc-settings.ts';
export type {
  Action,
  ActionSpec,
  BpfReport,
  BpfSettings,
  Classes,
  ClassSpec,
  Filter,
  FilterEffect,
  FilterKinds,
  FilterPlace,
  FilterProtocol,
  FilterReports,
  Filters,
  FilterSpec,
  FlowerSettings,
  GactAction,
  MirredAction,
  PoliceAction,
  Qdisc,
  Qdiscs,
  QdiscSpec,
  Reported,
  Statistics,
  TrafficClass,
  TrafficControl,
  U32Key,
  U32Settings,
  Verdict,
} from './tc/types.ts';

/** How to open a {@link TrafficControl}. */
export interface TrafficControlOptions {
  /** Default: the current namespace. It is pinned as long as the connection is open. */
  readonly netns?: Netns;
}

const OPTIONS: Check<TrafficControlOptions> = object<TrafficControlOptions>({ netns: optional(NETNS) });

/**
 * Opens a connection for traffic control.
 *
 * @throws {@link NetnsError} `INVALID_ARGUMENT`, `UNSUPPORTED_PLATFORM`, `NOT_PERMITTED`
 */
export async function openTrafficControl(options: TrafficControlOptions = {}): Promise<TrafficControl> {
  requireOptions(OPTIONS, options, 'traffic control');
  const { netns } = options;
  return new KernelTrafficControl(await openNetlink({ protocol: 'route', ...(netns !== undefined && { netns }) }));
}
