import type { DaemonReport, ListedAddress } from '@routed/driver';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { askDaemonFor } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { EXIT_CODE } from '../terminal/exit-codes.ts';
import { printTable } from '../terminal/table.ts';
import { reasonText } from './reason-text.ts';
import { paint } from '../terminal/colour.ts';
import { clearScreen, say, sayJson, sayMarked } from '../terminal/terminal.ts';

interface Flags {
  readonly adminSocket: string;
  readonly watch?: number | true;
  readonly json?: boolean;
}

const WATCH_SEC = 2;

/** `routed-plugin status`: networks, endpoints and what is wrong, problems first. */
export function statusCommand(): Command {
  return new Command('status')
    .description('show problems, networks and endpoints; exit status 1 if there is a problem')
    .option('-w, --watch [seconds]', 'refresh until Ctrl-C', readSeconds)
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'))
    .action(tell);
}

async function tell({ adminSocket, watch, json }: Flags): Promise<void> {
  // Loaded when it is needed: the other commands stay quick.
  const { DAEMON_REPORT_PATH, daemonReport } = await import('@routed/driver/daemon-report');
  for (;;) {
    const report = await askDaemonFor(adminSocket, `${DAEMON_REPORT_PATH}?addresses=true`, daemonReport);
    if (json) sayJson(report);
    else print(report, watch !== undefined);
    process.exitCode = report.problems.length === 0 ? EXIT_CODE.ok : EXIT_CODE.problem;
    if (watch === undefined) return;
    await sleep((watch === true ? WATCH_SEC : watch) * 1000);
  }
}

function print(report: DaemonReport, isWatched: boolean): void {
  if (isWatched) clearScreen();
  for (const problem of report.problems) sayMarked(paint('red', 'PROBLEM'), problem);
  for (const note of report.notes) sayMarked(paint('cyan', 'NOTE'), note);
  if (report.problems.length + report.notes.length > 0) say();
  const { version, pid, uptimeSec, networks, endpoints, lastRound, linksToDelete, forgotten } = report;
  say(
    `routed-plugin ${version}, pid ${pid}, up ${uptimeSec} s: ${networks.length} networks, ${endpoints.length} endpoints`,
  );
  if (lastRound !== undefined) {
    const repairs = Object.entries(lastRound.repairs).map(([kind, count]) => `${count} ${kind}`);
    say(
      `reconciled with the kernel at ${lastRound.at} in ${lastRound.ms} ms: ${repairs.join(', ') || 'nothing to repair'}`,
    );
  }
  const { left, endpoints: gone, leases } = forgotten;
  if (left + gone + leases > 0) say(`stale and freed: ${left + gone} endpoints, ${leases} leases`);
  if (linksToDelete > 0) say(`${linksToDelete} links are waiting for deletion`);
  const how = namesText(report.filtering?.names);
  if (how !== undefined) say(how);
  const names = new Map((report.addresses ?? []).map((row) => [row.endpointId, row]));
  say();
  printTable(
    ['NETWORK', 'PREFIX', 'LEASED', 'SIZE', 'GATEWAY', 'MTU', 'ENDPOINTS'],
    networks.flatMap((each) => networkRows(each, endpoints, names)),
  );
  say();
  if (report.blocks.length > 0) {
    printTable(
      ['BLOCK', 'LEASED', 'SIZE'],
      report.blocks.map(({ prefix, leased, size }) => [prefix, String(leased), sizeText(size)]),
    );
    say();
  }
  printTable(
    ['ENDPOINT', 'CONTAINER', 'ADDRESSES', 'LINK', 'STATE'],
    endpoints.map((each) => endpointRow(each, names)),
  );
}

/** How names in lists are followed, for people; undefined while no list has names. Pure. */
export function namesText(names: NonNullable<DaemonReport['filtering']>['names']): string | undefined {
  if (names === undefined) return undefined;
  const { links, open, way, lost, queue } = names;
  const losses = lost + (queue?.droppedFull ?? 0);
  const reading = queue === undefined ? 'DNS is not read' : `DNS comes by ${way}, ${losses} packets lost`;
  return `${links} lists with names, ${open} addresses open by name: ${reading}`;
}

type NetworkStatus = DaemonReport['networks'][number];
type Names = ReadonlyMap<string | undefined, ListedAddress>;

function networkRows(network: NetworkStatus, endpoints: DaemonReport['endpoints'], names: Names): string[][] {
  const member = endpoints.find(({ networkId }) => networkId === network.id);
  const name = network.name ?? names.get(member?.id)?.network ?? network.id.slice(0, 12);
  return network.pools.map(({ prefix, leased, kept, size, gateway }) => {
    const use = kept === undefined ? String(leased) : `${leased} (${kept} kept)`;
    return [name, prefix, use, sizeText(size), gateway, String(network.mtuBytes), String(network.endpoints)];
  });
}

/** In full where a number holds it; a subnet of IPv6 is a power of two. */
function sizeText(size: number): string {
  return Number.isSafeInteger(size) ? String(size) : `2^${Math.round(Math.log2(size))}`;
}

function endpointRow(endpoint: DaemonReport['endpoints'][number], names: Names): string[] {
  const { id, addresses, link, sandboxKey, announcement } = endpoint;
  const state =
    sandboxKey === undefined
      ? 'in no container'
      : `joined${announcementText(announcement)}${limitText(endpoint)}${trackingText(endpoint)}`;
  return [id.slice(0, 12), names.get(id)?.container ?? '?', addresses.join(' '), link, state];
}

function limitText({ rateIn, rateOut }: DaemonReport['endpoints'][number]): string {
  const [inward, out] = [rateIn === undefined ? '' : `, in ${rateIn}`, rateOut === undefined ? '' : `, out ${rateOut}`];
  return inward + out;
}

function trackingText({ isUntracked }: DaemonReport['endpoints'][number]): string {
  return isUntracked === true ? ', not tracked' : '';
}

/** Nothing of what is announced as every endpoint is unless somebody says otherwise. */
function announcementText(announcement: DaemonReport['endpoints'][number]['announcement']): string {
  if (announcement === undefined || (announcement.isAnnounced && announcement.reason === 'always')) return '';
  const since = announcement.since === undefined ? '' : `, since ${announcement.since}`;
  return `, ${announcement.isAnnounced ? '' : 'not '}announced: ${reasonText(announcement)}${since}`;
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('expected seconds, from 0.1 to 86400');
}
