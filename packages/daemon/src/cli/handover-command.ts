import type { HandoverEndpoint, HandoverReport } from '@routed/driver/replies';
import { durationText } from '@routed/driver/option-values';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { askDaemonFor } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { EXIT_CODE } from '../terminal/exit-codes.ts';
import { printTable } from '../terminal/table.ts';
import { complain, sayJson } from '../terminal/terminal.ts';

interface Duration {
  readonly text: string;
  readonly ms: number;
}

interface Flags {
  readonly adminSocket: string;
  readonly json?: boolean;
  readonly network?: string;
  readonly within: Duration;
  readonly wait?: boolean;
  readonly cancel?: boolean;
  readonly status?: boolean;
}

type HandoverAddress = HandoverEndpoint['addresses'][number];

const HANDOVERS_PATH = '/v1/handovers';
const POLL_MS = 1000;
const SHORTEST_MS = 1000;
const LONGEST_MS = 3_600_000;
const within = new Option('--within <duration>', 'how long another host may take to announce them, 1s to 1h')
  .argParser(readDuration)
  .default({ text: '5m', ms: 300_000 } satisfies Duration, '5m');

/** `routed-plugin handover`: leaves a container's addresses to the next host that announces them. */
export function handoverCommand(): Command {
  const command = new Command('handover')
    .description('leave the addresses of a container to the next host that announces them')
    .argument('[container]', 'name, or id or the start of it')
    .option('--network <name>', 'its addresses on this network only')
    .addOption(within)
    .option(
      '--wait',
      'until another host has every address and no connection is left; exit status 1 if that takes longer',
    )
    .option('--cancel', 'keep the addresses that no other host has yet')
    .option('--status', 'only show what is being handed over')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'));
  return command.action((container: string | undefined, flags: Flags) => run(command, container, flags));
}

async function run(command: Command, container: string | undefined, flags: Flags): Promise<void> {
  checkTogether(command, container, flags);
  const first = container === undefined ? await askForHandovers(flags) : await change(container, flags);
  const last = flags.wait === true ? await untilHandedOver(first, flags) : first;
  if (flags.json) sayJson(last);
  else if (flags.cancel !== true) print(last);
}

function checkTogether(command: Command, container: string | undefined, flags: Flags): void {
  const { status = false, cancel = false, wait = false, network } = flags;
  const isWithinGiven = command.getOptionValueSource('within') === 'cli';
  if (status && (container !== undefined || cancel || wait || isWithinGiven || network !== undefined)) {
    command.error('error: --status takes no container, no --network, no --within, no --wait and no --cancel');
  }
  if (!status && container === undefined) command.error('error: name a container, or --status');
  if (cancel && (wait || isWithinGiven)) command.error('error: --cancel takes no --within and no --wait');
}

async function change(container: string, { adminSocket, network, ...flags }: Flags): Promise<HandoverReport> {
  const path = `/v1/containers/${encodeURIComponent(container)}/handover`;
  const withinMs = flags.cancel === true ? null : flags.within.ms;
  const body = { withinMs, ...(network === undefined ? {} : { network }) };
  return await ask(adminSocket, { method: 'PUT', path, body });
}

async function askForHandovers({ adminSocket }: Flags): Promise<HandoverReport> {
  return await ask(adminSocket, { method: 'GET', path: HANDOVERS_PATH });
}

async function ask(
  adminSocket: string,
  request: { readonly method: 'GET' | 'PUT'; readonly path: string; readonly body?: object },
): Promise<HandoverReport> {
  const { handoverReport } = await import('@routed/driver/replies');
  return await askDaemonFor(adminSocket, request, handoverReport);
}

/** Until two looks in a row find every address handed over, and no connection: routers need a moment before they send no new ones. */
async function untilHandedOver(first: HandoverReport, flags: Flags): Promise<HandoverReport> {
  const endsAt = performance.now() + flags.within.ms;
  let report = first;
  for (let done = 0; ;) {
    const addresses = addressesOf(report);
    done = addresses.every(isDone) ? done + 1 : 0;
    if (done >= 2) return report;
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) {
      sayWhatIsLeft(addresses, flags.within);
      return report;
    }
    if (process.stderr.isTTY) complain(progress(addresses));
    await sleep(Math.min(POLL_MS, leftMs));
    const { endpoints } = await askForHandovers(flags);
    const ended = report.endpoints.find((before) => !endpoints.some(isSame(before)) && !before.addresses.every(isGone));
    if (ended !== undefined) {
      // The daemon's clock may be a moment ahead.
      if (performance.now() >= endsAt) sayWhatIsLeft(addressesOf(report), flags.within);
      else sayEnded(ended);
      return report;
    }
    report = {
      endpoints: report.endpoints.map((before) => endpoints.find(isSame(before)) ?? withoutContainer(before)),
    };
  }
}

function isSame({ endpointId }: HandoverEndpoint): (other: HandoverEndpoint) => boolean {
  return (other) => other.endpointId === endpointId;
}

/** Its container has left the network, after another host had its addresses. */
function withoutContainer(endpoint: HandoverEndpoint): HandoverEndpoint {
  return { ...endpoint, addresses: endpoint.addresses.map((address) => ({ ...address, connections: 0 })) };
}

function isGone({ state }: HandoverAddress): boolean {
  return state === 'handed over';
}

function isDone(address: HandoverAddress): boolean {
  return isGone(address) && address.connections === 0;
}

function addressesOf({ endpoints }: HandoverReport): readonly HandoverAddress[] {
  return endpoints.flatMap(({ addresses }) => addresses);
}

function progress(addresses: readonly HandoverAddress[]): string {
  const waiting = addresses.filter((address) => !isGone(address)).map(({ address }) => address);
  if (waiting.length > 0) return `waiting for another host to announce ${waiting.join(', ')}`;
  return `${addresses.reduce((sum, { connections }) => sum + connections, 0)} connections left`;
}

function sayWhatIsLeft(addresses: readonly HandoverAddress[], { text }: Duration): void {
  for (const { address, state, connections } of addresses.filter((one) => !isDone(one))) {
    complain(
      state === 'waiting'
        ? `no other host announced ${address} within ${text}: still announced by this host`
        : `${address} is handed over, but ${connections} connections are left after ${text}`,
    );
    process.exitCode = EXIT_CODE.problem;
  }
}

function sayEnded({ addresses }: HandoverEndpoint): void {
  const kept = addresses.filter((address) => !isGone(address)).map(({ address }) => address);
  complain(`the handover of ${kept.join(', ')} has ended: it was cancelled, or its container has left the network`);
  process.exitCode = EXIT_CODE.problem;
}

function print({ endpoints }: HandoverReport): void {
  printTable(
    ['CONTAINER', 'NETWORK', 'ADDRESS', 'STATE', 'ANNOUNCED BY', 'CONNECTIONS', 'UNTIL'],
    endpoints.flatMap(({ endpointId, container = endpointId.slice(0, 12), network = '?', until = '', addresses }) =>
      addresses.map(({ address, state, holders, connections }) => {
        const announcedBy = holders.length === 0 ? 'this host' : holders.join(' ');
        return [container, network, address, state, announcedBy, String(connections), until];
      }),
    ),
  );
}

function readDuration(text: string): Duration {
  const { data: ms, error } = durationText(LONGEST_MS).safeParse(text);
  if (error !== undefined) throw new InvalidArgumentError(error.issues[0]?.message ?? 'expected a duration');
  if (ms < SHORTEST_MS) throw new InvalidArgumentError('expected a duration of 1s or more');
  return { text, ms };
}
