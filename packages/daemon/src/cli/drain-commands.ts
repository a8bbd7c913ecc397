import type { DrainReport } from '@routed/driver/replies';
import { durationText } from '@routed/driver/option-values';
import { untilEmpty } from '@routed/driver/until-empty';
import { Command, InvalidArgumentError, Option } from 'commander';
import { askDaemonFor } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { RoutedError } from '../ground/routed-error.ts';
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
const LONGEST_WAIT_MS = 86_400_000;

/** `routed-plugin drain` and `undrain`: withdraws containers until their last connection ends, and announces them again. */
export function drainCommands(): Command[] {
  const drain = commandOf('drain', 'withdraw a container, or all, and list the connections left')
    .option('--status', 'only show what is drained, also at docker stop')
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
  // What was told to stop goes on being drained.
  if (flags.all === true || report.endpoints.length === 0) return;
  complain(
    report.isHostDraining
      ? 'the whole host is drained, and so is this container: end that with routed-plugin undrain --all'
      : 'the container was told to stop: it stays withdrawn until its next start',
  );
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
  return await ask(adminSocket, { method: 'PUT', path, body });
}

async function askForDrains({ adminSocket }: Flags): Promise<DrainReport> {
  return await ask(adminSocket, { method: 'GET', path: DRAIN_PATH });
}

async function ask(
  adminSocket: string,
  request: { readonly method: 'GET' | 'PUT'; readonly path: string; readonly body?: object },
): Promise<DrainReport> {
  const { drainReport } = await import('@routed/driver/replies');
  return await askDaemonFor(adminSocket, request, drainReport);
}

async function untilNoneIsLeft(
  first: DrainReport,
  isMeant: (endpointId: string) => boolean,
  flags: Flags,
): Promise<DrainReport> {
  let report: DrainReport | undefined;
  const look = async (): Promise<number> => {
    const next = report === undefined ? first : await askWhileItRestarts(flags);
    if (next === undefined) return Number.POSITIVE_INFINITY;
    report = { ...next, endpoints: next.endpoints.filter(({ endpointId }) => isMeant(endpointId)) };
    const left = connectionsIn(report);
    if (process.stderr.isTTY) complain(`${left} connections left`);
    // Nobody can count them: the whole time is waited for.
    if (report.endpoints.some(({ isUntracked }) => isUntracked)) return Number.POSITIVE_INFINITY;
    return left + report.endpoints.filter(({ isAnnounced }) => isAnnounced).length;
  };
  if (!(await untilEmpty(look, { timeMs: flags.wait ?? 0 }))) process.exitCode = EXIT_CODE.timeOver;
  return report ?? first;
}

/** Undefined: routed-plugin does not answer. When it is back, it drains on. */
async function askWhileItRestarts(flags: Flags): Promise<DrainReport | undefined> {
  try {
    return await askForDrains(flags);
  } catch (error) {
    if (!(error instanceof RoutedError) || error.code !== 'DAEMON_UNREACHABLE') throw error;
    if (process.stderr.isTTY) complain(error.message);
    return undefined;
  }
}

function connectionsIn({ endpoints }: DrainReport): number {
  return endpoints.flatMap(({ connections }) => Object.values(connections)).reduce((sum, count) => sum + count, 0);
}

function print({ isHostDraining, endpoints }: DrainReport): void {
  if (isHostDraining) complain('the whole host is drained, until routed-plugin undrain --all');
  printTable(
    ['CONTAINER', 'NETWORK', 'ADDRESS', 'CONNECTIONS', 'STATE'],
    endpoints.flatMap((endpoint) => {
      const { endpointId, container = endpointId.slice(0, 12), network = '?', connections } = endpoint;
      const state = stateOf(endpoint);
      return Object.entries(connections).map(([address, count]) => {
        const counted = endpoint.isUntracked === true ? 'not tracked' : String(count);
        return [container, network, address, counted, state];
      });
    }),
  );
}

function stateOf({ isAnnounced, stop, blocks }: DrainReport['endpoints'][number]): string {
  if (isAnnounced) return 'still announced: see the log';
  if (blocks !== undefined) return `still reached by block ${blocks.join(' ')}`;
  if (stop === undefined) return 'withdrawn';
  return stop.isSignalSent ? 'withdrawn, was sent its drain signal' : `withdrawn, is stopped by ${stop.until}`;
}

function readDuration(text: string): number {
  const { data, error } = durationText(LONGEST_WAIT_MS).safeParse(text);
  if (error !== undefined) throw new InvalidArgumentError(error.issues[0]?.message ?? 'expected a duration');
  return data;
}
