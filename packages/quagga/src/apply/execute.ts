import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from '../plan/change.ts';
import type { VtyDaemon } from '../render/config.ts';
import { MAXIMUM_METRIC } from '../render/ospf.ts';
import { type PlanOptions, commandsOf, planChanges } from '../plan/plan.ts';
import { redactLine, redactText } from '../text/redact.ts';
import { type DaemonLines, readRunning, type RunningConfig } from '../vty/running.ts';

/** A line that a daemon refused, safe to show. */
export interface Refusal {
  readonly line: string;
  readonly answer: string;
}

/** How far a router came. */
export interface Outcome {
  /** What still differs; nothing when the wanted configuration was reached. */
  readonly left: readonly Change[];
  /** What stood in the way. */
  readonly refused: readonly Refusal[];
  /** How long the daemons go on with what they were told: some commands act, or show, later. */
  readonly pendingMs: number;
}

/** Some lines change others (an address family appears, a timer follows another), so what is left is planned anew. */
const PASSES = 3;
const REFUSED = 2;

export function describeChange(change: Change): string {
  const where = [change.daemon, ...change.path].join(' / ');
  const lines = [
    change.before === undefined ? [] : [`- ${redactLine(change.before)}`],
    change.after === undefined ? [] : [`+ ${redactLine(change.after)}`],
  ];
  return `${where}: ${lines.flat().join(' ')}`;
}

async function execute(daemons: DaemonLines, changes: readonly Change[]): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  for (const change of changes) {
    const line = daemons.get(change.daemon);
    if (line === undefined) continue;
    for (const command of commandsOf(change)) {
      const reply = await line.command(command);
      if (reply.status >= REFUSED) refused.push({ line: redactLine(command), answer: redactText(reply.text) });
    }
  }
  return refused;
}

/**
 * What a router that was changed still lacks. Without a link that runs OSPF, FRR 8.4 shows the maximum metric nowhere, and
 * uses it once there is one: it was told, and a plan names the line again.
 */
export function whatDiffers(running: RunningConfig, desired: RunningConfig, options: PlanOptions = {}): Change[] {
  return planChanges(running, desired, options).filter(({ after }) => after !== MAXIMUM_METRIC);
}

/** Brings the running daemons to `desired`. */
export async function converge(
  daemons: DaemonLines,
  desired: RunningConfig,
  options: PlanOptions = {},
): Promise<Outcome> {
  let refused: Refusal[] = [];
  let pendingMs = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    const running = await readRunning(daemons);
    const changes = planChanges(running, desired, options);
    if (changes.length === 0) return { left: [], refused: [], pendingMs };
    pendingMs = Math.max(pendingMs, ...changes.map((change) => delayOf(change, running)));
    refused = await execute(daemons, changes);
  }
  return { left: whatDiffers(await readRunning(daemons), desired, options), refused, pendingMs };
}

/** As {@link converge}, and waits for what the daemons do later. */
export async function convergeAndSettle(
  daemons: DaemonLines,
  desired: RunningConfig,
  options: PlanOptions = {},
): Promise<Outcome> {
  const outcome = await converge(daemons, desired, options);
  if (outcome.pendingMs === 0) return outcome;
  await sleep(outcome.pendingMs);
  const left = whatDiffers(await readRunning(daemons), desired, options);
  return { ...outcome, left };
}

/**
 * Brings daemons back to `before`, the last line of it, and waits for what they do later. A summary that is on its way
 * out still shows, and is gone seconds later: where there are summaries the daemons first do what they were told.
 */
export async function restore(daemons: DaemonLines, before: RunningConfig): Promise<Outcome> {
  const { pendingMs, ...outcome } = await converge(daemons, before, { takeOver: true });
  const waitMs = Math.max(pendingMs, ...[...before.keys()].map((daemon) => summaryDelayMs(before, daemon)));
  if (waitMs === 0) return { ...outcome, pendingMs };
  await sleep(waitMs);
  return await convergeAndSettle(daemons, before, { takeOver: true });
}

/** bgpd uses a changed route map or list that much later. Source: FRR bgpd/bgpd.h, RMAP_DEFAULT_UPDATE_TIMER. */
const ROUTE_MAP_DELAY_SEC = 5;
/** ospfd and ospf6d change summaries that much later. Source: FRR ospfd/ospf_asbr.h, OSPF_EXTL_AGGR_DEFAULT_DELAY. */
const AGGREGATION_DELAY_SEC = 5;
/** For what a daemon does once its timer has run out. */
const AFTERWARDS_MS = 500;

/** How long a daemon waits before it does what a change says. */
function delayOf(change: Change, running: RunningConfig): number {
  const { daemon, isPolicy, before, after, temporary } = change;
  const speaksBgp = [...(running.get('bgpd')?.keys() ?? [])].some((context) => context.startsWith('router bgp '));
  if (daemon === 'bgpd' && speaksBgp && (isPolicy === true || temporary === true))
    return timerMs(running.get(daemon)?.get('')?.lines, /^bgp route-map delay-timer (\d+)/, ROUTE_MAP_DELAY_SEC);
  const isSummary = (after ?? before ?? '').startsWith('summary-address ');
  return isSummary ? aggregationMs(running, daemon) : 0;
}

function summaryDelayMs(config: RunningConfig, daemon: VtyDaemon): number {
  const lines = processLines(config, daemon);
  return lines.some((line) => line.startsWith('summary-address ')) ? aggregationMs(config, daemon) : 0;
}

function aggregationMs(config: RunningConfig, daemon: VtyDaemon): number {
  return timerMs(processLines(config, daemon), /^aggregation timer (\d+)/, AGGREGATION_DELAY_SEC);
}

function processLines(config: RunningConfig, daemon: VtyDaemon): readonly string[] {
  return config.get(daemon)?.get(daemon === 'ospfd' ? 'router ospf' : 'router ospf6')?.lines ?? [];
}

function timerMs(lines: readonly string[] | undefined, pattern: RegExp, standardSec: number): number {
  const seconds = (lines ?? []).map((line) => pattern.exec(line)?.[1]).find((text) => text !== undefined);
  return Number(seconds ?? standardSec) * 1000 + AFTERWARDS_MS;
}
