export {
  type ApplyOptions,
  type Confirmation,
  type Plan,
  applyConfiguration,
  planConfiguration,
} from './apply/apply.ts';
export { compareWithFile } from './apply/drift.ts';
export { daemonsSwitchedOff } from './apply/files.ts';
export { describePending } from './apply/journal.ts';
export { type RevertOptions, confirmChange, revertChange } from './apply/revert.ts';
export type { TargetOptions } from './apply/target.ts';
export { describeChange } from './apply/execute.ts';
export { type SuiteOptions, checkConfiguration, checkSyntax, tryOnFrr, tryOnQuagga } from './check/check.ts';
export {
  type Diagnostic,
  type FieldPath,
  QuaggaError,
  type QuaggaErrorCode,
  formatPath,
  isQuaggaError,
} from './errors.ts';
export type { Bfd, Bgp, BgpFamily, Neighbor, PeerFamily, PeerGroup } from './model/bgp.ts';
export { checkFleet } from './validation/fleet.ts';
export type { Ospf, Ospf6, Ospf6Interface, OspfInterface } from './model/ospf.ts';
export type {
  ExportAttributes,
  ExportPolicy,
  ImportPolicy,
  PrefixList,
  PrefixListEntry,
  RouteMap,
  RouteMapEntry,
} from './model/policy.ts';
export { type RouterInterface, type RouterModel, routerModelSchema } from './model/router.ts';
export { type ValidatedModel, inspectModel, parseModel } from './validation/validate.ts';
export type { Change } from './plan/change.ts';
export type { Effect } from './plan/effects.ts';
export { planChanges, worstEffect } from './plan/plan.ts';
export { DIALECTS, type Dialect } from './dialect.ts';
export { type RouterDocument, documentJsonSchema, parseDocument } from './preset/document.ts';
export { drained } from './preset/drain.ts';
export { PRESETS, type PresetName } from './preset/presets.ts';
export { DAEMONS, type DaemonName, type RenderedConfig, type RenderedFile } from './render/config.ts';
export { render } from './render/render.ts';
export { type SectionDifference, canonicalTree, diffTrees, formatDifferences } from './text/diff.ts';
export { type ConfigSection, type ConfigTree, mergeTrees, parseConfig } from './text/parse.ts';
export { redactLine } from './text/redact.ts';
export { type VtyConnection, type VtyOptions, type VtyReply, openVty } from './vty/connection.ts';
export { type DaemonLines, type RunningConfig, openDaemons, readRunning } from './vty/running.ts';
