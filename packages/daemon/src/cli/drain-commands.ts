import type { DrainReport } from '@routed/driver';
import { durationText } from '@routed/driver/option-values';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { askDaemon } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { EXIT_CODE } from '../terminal/exit-codes.ts';
import { printTable } from '../terminal/table.ts';
import { complain, sayJson } from '../terminal/terminal.ts';

interface Flags {
  readonly adminSocket: string;
  readonly json?: boolean;
  readonly network?: string;
  readonly all?: boolean;
  readonly status?: boolean;
  /** In milliseconds. */
  readonly wait?: number;
}

const DRAIN_PATH = '/v1/drain';
const POLL_MS = 1000;
const LONGEST_WAIT_MS = 86_400_000;

/** `routed-plugin drain` and `undrain`: withdraws containers until their last connection ends, and announces them again. */
export function drainCommands(): Command[] {
  const drain = commandOf('drain', 'withdraw a container, or all, and list the connections left')
    .option('--status', 'only show what is drained')
    .option(
      '--wait <duration>',
      'until no connection is left, or exit with 75 after so long, such as 30s',
      readDuration,
    )
    .action((container: string | undefined, flags: Flags) => runDrain(drain, container, flags));
  const undrain = commandOf('undrain', 'announce a container again, or all, as routed.announce says').action(
    (container: string | undefined, flags: Flags) => runUndrain(undrain, container, flags),
  );
  return [drain, undrain];
}

function commandOf(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('[container]', 'name, or id or the start of it')
    .option('--all', 'the whole host, also containers that start from now on')
    .option('--network <name>', 'the container on this network only')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'));
}

async function runDrain(command: Command, container: string | undefined, flags: Flags): Promise<void> {
  const isWithoutSubject = flags.status === true;
  if (isWithoutSubject && (container !== undefined || flags.all === true || flags.wait !== undefined)) {
    command.error('error: --status takes no container, no --all and no --wait');
  }
  const first = isWithoutSubject ? await askForDrains(flags) : await change(command, { container, flags }, true);
  const ids = new Set(first.endpoints.map(({ endpointId }) => endpointId));
  const isMeant = (endpointId: string): boolean => flags.all === true || ids.has(endpointId);
  const last = flags.wait === undefined ? first : await untilNoneIsLeft(first, isMeant, flags);
  if (flags.json) sayJson(last);
  else print(last);
}

async function runUndrain(command: Command, container: string | undefined, flags: Flags): Promise<void> {
  const report = await change(command, { container, flags }, false);
  if (flags.json) sayJson(report);
  if (report.endpoints.length === 0) return;
  complain('the whole host is drained, and so is this container: end that with routed-plugin undrain --all');
  process.exitCode = EXIT_CODE.problem;
}

async function change(
  command: Command,
  { container, flags }: { readonly container: string | undefined; readonly flags: Flags },
  isDraining: boolean,
): Promise<DrainReport> {
  const { adminSocket, all = false, network } = flags;
  if ((container === undefined) !== all) command.error('error: name a container, or --all');
  if (all && network !== undefined) command.error('error: --all takes no --network');
  const path = container === undefined ? DRAIN_PATH : `/v1/containers/${encodeURIComponent(container)}/drain`;
  const body = { isDraining, ...(network === undefined ? {} : { network }) };
  return (await askDaemon(adminSocket, { method: 'PUT', path, body })) as DrainReport;
}

async function askForDrains({ adminSocket }: Flags): Promise<DrainReport> {
  return (await askDaemon(adminSocket, { method: 'GET', path: DRAIN_PATH })) as DrainReport;
}

/** Until two looks in a row find no connection: routers need a moment before they send no new ones. */
async function untilNoneIsLeft(
  first: DrainReport,
  isMeant: (endpointId: string) => boolean,
  flags: Flags,
): Promise<DrainReport> {
  const endsAt = performance.now() + (flags.wait ?? 0);
  let report = first;
  for (let empty = 0; ;) {
    const left = connectionsIn(report);
    const isDone = left === 0 && report.endpoints.every(({ isAnnounced }) => !isAnnounced);
    empty = isDone ? empty + 1 : 0;
    if (empty >= 2) return report;
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) {
      if (!isDone) process.exitCode = EXIT_CODE.timeOver;
      return report;
    }
    if (process.stderr.isTTY) complain(`${left} connections left`);
    await sleep(Math.min(POLL_MS, leftMs));
    const next = await askForDrains(flags);
    report = { ...next, endpoints: next.endpoints.filter(({ endpointId }) => isMeant(endpointId)) };
  }
}

function connectionsIn({ endpoints }: DrainReport): number {
  return endpoints.flatMap(({ connections }) => Object.values(connections)).reduce((sum, count) => sum + count, 0);
}

function print({ isHostDraining, endpoints }: DrainReport): void {
  if (isHostDraining) complain('the whole host is drained, until routed-plugin undrain --all');
  printTable(
    ['CONTAINER', 'NETWORK', 'ADDRESS', 'CONNECTIONS', 'STATE'],
    endpoints.flatMap(({ endpointId, container = endpointId.slice(0, 12), network = '?', isAnnounced, connections }) =>
      Object.entries(connections).map(([address, count]) => [
        container,
        network,
        address,
        String(count),
        isAnnounced ? 'still announced: see the log' : 'withdrawn',
      ]),
    ),
  );
}

function readDuration(text: string): number {
  const { data, error } = durationText(LONGEST_WAIT_MS).safeParse(text);
  if (error !== undefined) throw new InvalidArgumentError(error.issues[0]?.message ?? 'expected a duration');
  return data;
}
