import type { JournalLine } from '@routed/driver/replies';
import { Command, InvalidArgumentError, Option } from 'commander';
import { askDaemonFor, askDaemonForLines } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { EXIT_CODE } from '../terminal/exit-codes.ts';
import { complain, say, sayJsonLine } from '../terminal/terminal.ts';
import { isMeantAsAddress } from './meant-as-address.ts';
import { tellRefused } from './refused-command.ts';

interface Flags {
  readonly adminSocket: string;
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly refused?: boolean;
  readonly since?: string;
  readonly container?: string;
  readonly network?: string;
}

/** `routed-plugin events`: what happened to which address, and why. */
export function eventsCommand(): Command {
  return new Command('events')
    .description('show what happened to addresses, oldest first')
    .argument('[address]', 'only this address; exit status 1 if no network of this host has it')
    .option('-f, --follow', 'follow new events until Ctrl-C')
    .option('--refused', 'show packets that filters refused instead, of all containers')
    .option('--since <time>', 'only from then on: 10m, 2h or 1d ago, or a time such as 2026-11-28T18:00:00Z', readSince)
    .option('--container <name>', 'only of this container, or of the endpoint with this id')
    .option('--network <name>', 'only of this network')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print one JSON object per line'))
    .action(tell);
}

async function tell(
  text: string | undefined,
  { adminSocket, follow, json, refused, ...only }: Flags,
  command: Command,
): Promise<void> {
  const query = new URLSearchParams();
  if (text !== undefined) {
    if (!isMeantAsAddress(text)) {
      command.error(`error: '${text}' is not an IP address; of a container: routed-plugin events --container ${text}`);
    }
    const { canonicalHostAddress } = await import('@routed/ipam');
    const address = canonicalHostAddress(text);
    if (!refused) await tellOfNothing(adminSocket, address);
    query.set('address', address);
  }
  for (const name of ['since', 'container', 'network'] as const) {
    const value = only[name];
    if (value !== undefined) query.set(name, value);
  }
  if (follow) query.set('follow', 'true');
  if (refused) {
    await tellRefused(adminSocket, query, json);
    return;
  }
  const { journalEntry } = await import('@routed/driver/replies');
  for await (const entry of askDaemonForLines(adminSocket, `/v1/events?${query.toString()}`, journalEntry)) {
    if (json) sayJsonLine(entry);
    else say(textOf(entry));
  }
}

const UNIT_SEC: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** The time that is meant, in the form that events have. @throws InvalidArgumentError */
function readSince(text: string): string {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(Date.now() - Number(count) * (UNIT_SEC[unit] ?? 1) * 1000).toISOString();
  // Date.parse takes much more, and understands it by the clock of this machine.
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError('expected 90s, 10m, 2h or 1d, or a time such as 2026-11-28T18:00:00Z');
  return new Date(time).toISOString();
}

/** An address to which nothing happened may be a mistyped one. */
async function tellOfNothing(adminSocket: string, address: string): Promise<void> {
  const path = `/v1/addresses/${encodeURIComponent(address)}`;
  const { addressRecord } = await import('@routed/driver/replies');
  const { history, pool } = await askDaemonFor(adminSocket, path, addressRecord);
  if (history.length > 0) return;
  const why = pool === undefined ? ': no network of this host has it' : '';
  complain(`nothing has happened to ${address} since routed-plugin was started${why}`);
  if (pool === undefined) process.exitCode = EXIT_CODE.problem;
}

function textOf({ at, kind, addresses, endpointId, container, network, detail }: JournalLine): string {
  const where = network === undefined ? '' : ` on ${network}`;
  const id = endpointId === undefined ? undefined : `endpoint ${endpointId.slice(0, 12)}`;
  const who = container === undefined ? id : `${container}${where}`;
  return `${at}  ${kind.padEnd(10)}  ${addresses.join(' ')}${who === undefined ? '' : ` (${who})`}: ${detail}`;
}
