import { comparePrefixes } from '@routed/addresses';
import type { Ospf, Ospf6 } from '../model/ospf.ts';
import type { RouterModel } from '../model/router.ts';
import { sortedEntries } from '../validation/finding.ts';
import type { Dialect } from '../dialect.ts';
import { knownPrefix } from '../prefix.ts';
import type { ConfigBlock } from '../text/block.ts';
import { loopbackLines } from './common.ts';
import { compact, setting } from './filters.ts';
import { BACKBONE } from './ospf-interface.ts';
import type { Policies } from './policy.ts';

/** `redistribute kernel metric 5 metric-type 1 route-map EXPORT`; the type is said only where it is not 2. */
function redistribute(model: RouterModel, map: string | undefined): string {
  const { source = 'kernel', metric, metricType } = model.export ?? {};
  const words = [
    `redistribute ${source}`,
    setting('metric', metric),
    setting('metric-type', metricType, 2),
    setting('route-map', map),
  ];
  return words.filter((word) => word !== false).join(' ');
}

function defaultInformation(settings: Ospf | Ospf6): string | false {
  const origin = settings.defaultInformation;
  if (origin === undefined) return false;
  const words = [
    'default-information originate',
    origin.always === true && 'always',
    setting('metric', origin.metric),
    setting('metric-type', origin.metricType, 2),
  ];
  return words.filter((word) => word !== false).join(' ');
}

function adjacencyLog(model: RouterModel, value: boolean | 'detail' | undefined): string | false {
  if (value === 'detail') return 'log-adjacency-changes detail';
  const standard = model.profile === 'datacenter';
  if (value === undefined || value === standard) return false;
  return value ? 'log-adjacency-changes' : 'no log-adjacency-changes';
}

function summaries(settings: Ospf | Ospf6): string[] {
  const sorted = (settings.summaryAddresses ?? []).toSorted((a, b) =>
    comparePrefixes(knownPrefix(a.prefix), knownPrefix(b.prefix)),
  );
  return sorted.map(({ prefix, advertise, tag }) =>
    compact([`summary-address ${prefix}`, advertise === false && 'no-advertise', setting('tag', tag)]).join(' '),
  );
}

function gracefulRestart(settings: Ospf | Ospf6): (string | false)[] {
  const { gracefulRestart: restart } = settings;
  const period = restart?.gracePeriodSec;
  return [
    period !== undefined && `graceful-restart grace-period ${period}`,
    restart?.helper === true && 'graceful-restart helper enable',
  ];
}

function spf(settings: Ospf | Ospf6): string | false {
  if (settings.spf === undefined) return false;
  const { delayMs, holdMs, maximumHoldMs } = settings.spf;
  return setting('timers throttle spf', `${delayMs} ${holdMs} ${maximumHoldMs}`, '0 50 5000');
}

/** Areas of OSPFv2 and OSPFv3 differ in authentication only. */
function areas(settings: Ospf | Ospf6): string[] {
  const all: NonNullable<Ospf['areas']> = settings.areas ?? [];
  return all
    .toSorted((a, b) => comparePrefixes(knownPrefix(`${a.id}/32`), knownPrefix(`${b.id}/32`)))
    .flatMap(({ id, authentication, type, noSummary, ranges }) => [
      ...(authentication === undefined
        ? []
        : [`area ${id} authentication${authentication === 'simple' ? '' : ' message-digest'}`]),
      ...(type === undefined ? [] : [`area ${id} ${type}${noSummary === true ? ' no-summary' : ''}`]),
      ...(ranges ?? []).map(
        ({ prefix, advertise }) => `area ${id} range ${prefix}${advertise === false ? ' not-advertise' : ''}`,
      ),
    ]);
}

/** Quagga has no `ip ospf passive`; FRR keeps it on the interface and calls this form deprecated. */
function passiveInterfaces(model: RouterModel, dialect: Dialect): string[] {
  if (dialect === 'frr') return [];
  const standard = model.ospf?.passiveInterfaceDefault === true;
  return sortedEntries(model.interfaces)
    .filter(([, { ospf }]) => ospf !== undefined && (ospf.passive ?? false) !== standard)
    .map(([name]) => `${standard ? 'no ' : ''}passive-interface ${name}`);
}

function networks(settings: Ospf): string[] {
  return (settings.networks ?? []).map(({ prefix, area }) => `network ${prefix} area ${area ?? BACKBONE}`);
}

export const MAXIMUM_METRIC = 'max-metric router-lsa administrative';

function maximumMetric(settings: Ospf): (string | false)[] {
  const { administrative, onStartupSec, onShutdownSec } = settings.maximumMetric ?? {};
  return [
    administrative === true && MAXIMUM_METRIC,
    setting('max-metric router-lsa on-startup', onStartupSec),
    setting('max-metric router-lsa on-shutdown', onShutdownSec),
  ];
}

/** `router ospf`, in the order of the classic hand-written file. */
export function ospfBlocks(model: RouterModel, policies: Policies, dialect: Dialect): ConfigBlock[] {
  const { ospf } = model;
  if (ospf === undefined) return [];
  const minimumArrival = dialect === 'frr' ? 'timers lsa min-arrival' : 'timers lsa arrival';
  const lines = compact([
    `ospf router-id ${model.routerId}`,
    adjacencyLog(model, ospf.logAdjacencyChanges),
    setting('auto-cost reference-bandwidth', ospf.autoCostReferenceBandwidthMbps, 100000),
    spf(ospf),
    setting('timers throttle lsa all', ospf.lsaAllThrottleMs, 5000),
    setting(minimumArrival, ospf.lsaMinArrivalMs, 1000),
    setting('maximum-paths', ospf.maximumPaths, 256),
    ...maximumMetric(ospf),
    policies.announces('ipv4') && redistribute(model, policies.exportMap('ipv4', 'ospf')),
    ...loopbackLines(policies, 'ipv4'),
    ...gracefulRestart(ospf),
    setting('aggregation timer', ospf.aggregationTimerSec, 5),
    ...summaries(ospf),
    ospf.passiveInterfaceDefault === true && 'passive-interface default',
    ...passiveInterfaces(model, dialect),
    ...networks(ospf),
    ...areas(ospf),
    defaultInformation(ospf),
  ]);
  return [{ header: 'router ospf', lines }];
}

/** `router ospf6`. */
export function ospf6Blocks(model: RouterModel, policies: Policies, dialect: Dialect): ConfigBlock[] {
  const { ospf6 } = model;
  if (ospf6 === undefined) return [];
  const interfaces = sortedEntries(model.interfaces).flatMap(([name, settings]) =>
    settings.ospf6 === undefined || dialect === 'frr'
      ? []
      : [`interface ${name} area ${settings.ospf6.area ?? BACKBONE}`],
  );
  const lines = compact([
    `${dialect === 'frr' ? 'ospf6 ' : ''}router-id ${model.routerId}`,
    adjacencyLog(model, ospf6.logAdjacencyChanges),
    setting('auto-cost reference-bandwidth', ospf6.autoCostReferenceBandwidthMbps, 100000),
    setting('timers lsa min-arrival', ospf6.lsaMinArrivalMs, 1000),
    setting('maximum-paths', ospf6.maximumPaths, 256),
    ospf6.stubRouter === true && 'stub-router administrative',
    policies.announces('ipv6') && redistribute(model, policies.exportMap('ipv6', 'ospf')),
    ...loopbackLines(policies, 'ipv6'),
    ...areas(ospf6),
    spf(ospf6),
    defaultInformation(ospf6),
    setting('aggregation timer', ospf6.aggregationTimerSec, 5),
    ...summaries(ospf6),
    ...gracefulRestart(ospf6),
    ...interfaces,
  ]);
  return [{ header: 'router ospf6', lines }];
}
