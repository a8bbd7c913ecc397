import type { FilterStatus } from '@routed/driver/replies';
import { text } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { askDaemonFor, askDaemonForLines } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { printTable } from '../terminal/table.ts';
import { paint } from '../terminal/colour.ts';
import { say, sayJson, sayMarked } from '../terminal/terminal.ts';
import { type SuggestedEntry, suggestEntries } from './suggest-list.ts';

type Direction = 'ingress' | 'egress';

interface Flags {
  readonly adminSocket: string;
  readonly json?: boolean;
  readonly network?: string;
}

/** What the commands of a direction say of themselves. */
const WORDS = {
  ingress: {
    about: 'who may connect to a container',
    list: 'sources',
    examples: 'such as "10.0.0.0/8, 10.1.2.3-10.1.2.9, [fd00::/8]:443/tcp"',
    heading: 'ALLOWED SOURCES',
    peer: 'who would connect, and to which port: such as 10.1.2.3:443/tcp; without a port, a ping',
    tested: 'say whether somebody may connect to a container, and which entry decides',
  },
  egress: {
    about: 'where a container may connect to',
    list: 'destinations',
    examples: 'such as "10.0.0.0/8:5432/tcp, [fd00::/8]:8000-8100/tcp, api.example.com:443, *.example.org"',
    heading: 'ALLOWED DESTINATIONS',
    peer: 'where it would connect to: such as 10.1.2.3:443/tcp; without a port, a ping',
    tested: 'say whether a container may connect somewhere, and which entry decides',
  },
} as const;

/** `routed-plugin ingress` and `routed-plugin egress`: the lists of a container, while it runs. */
export function filterCommand(direction: Direction): Command {
  const { about, list, examples, peer, tested } = WORDS[direction];
  const command = new Command(direction).description(`show, set or test ${about}`);
  const add = (name: string, description: string): Command =>
    command
      .command(name)
      .description(description)
      .argument('<container>', 'name, or id or the start of it')
      .addOption(adminSocketOption())
      .addOption(new Option('--json', 'print JSON'));
  add('show', `show ${about}, and the counters`).action((container: string, flags: Flags) =>
    show(direction, container, flags),
  );
  add('set', `set ${about}, at once and for as long as it exists`)
    .argument(`<${list}>`, `${examples}; none, or any; - reads standard input`)
    .option('--network <name>', 'on this network only')
    .action((container: string, entries: string, flags: Flags) => set(direction, container, entries, flags));
  add('test', tested)
    .argument('<address>', peer)
    .option('--network <name>', 'on this network only')
    .action((container: string, address: string, flags: Flags) => test(direction, container, address, flags));
  add('suggest', `suggest entries for what the list refused, or counted while it observes`).action(
    (container: string, flags: Flags) => suggest(direction, container, flags),
  );
  return command;
}

async function suggest(direction: Direction, reference: string, flags: Flags): Promise<void> {
  const { refusedPacket } = await import('@routed/driver/replies');
  const rows = await ask(flags.adminSocket, { method: 'GET', path: pathOf(direction, reference) });
  const container = rows[0]?.container ?? reference;
  const query = new URLSearchParams({ container });
  const packets = [];
  const path = `/v1/refused?${query.toString()}`;
  for await (const packet of askDaemonForLines(flags.adminSocket, path, refusedPacket)) packets.push(packet);
  const entries = suggestEntries(packets, direction);
  if (flags.json) sayJson(entries);
  else printSuggestion(direction, container, rows, entries);
}

function printSuggestion(
  direction: Direction,
  container: string,
  rows: readonly FilterStatus[],
  entries: readonly SuggestedEntry[],
): void {
  if (entries.length === 0) {
    say(`the ${direction} lists of ${container} refused and counted nothing that an entry with a port would let pass`);
    return;
  }
  printTable(
    ['NETWORK', 'ENTRY', 'LOGGED', 'LAST'],
    entries.map(({ network, entry, packets, lastAt }) => [network, entry, `${packets}`, lastAt]),
  );
  say('To allow all of it:');
  for (const { network, [direction]: list = 'any' } of rows) {
    const added = entries.filter((one) => one.network === network).map(({ entry }) => entry);
    const whole = [...(list === 'any' || list === 'none' ? [] : [list]), ...added].join(',');
    if (added.length > 0) say(`routed-plugin ${direction} set --network ${network} ${container} '${whole}'`);
  }
}

async function show(direction: Direction, container: string, flags: Flags): Promise<void> {
  print(direction, await ask(flags.adminSocket, { method: 'GET', path: pathOf(direction, container) }), flags);
}

async function set(direction: Direction, container: string, entries: string, flags: Flags): Promise<void> {
  const { adminSocket, network } = flags;
  // A command line holds 128 KiB of it, a list of 10,000 entries is longer.
  const list = entries === '-' ? await text(process.stdin) : entries;
  const body = { [direction]: list, ...(network === undefined ? {} : { network }) };
  print(direction, await ask(adminSocket, { method: 'PUT', path: pathOf(direction, container), body }), flags);
}

async function test(direction: Direction, container: string, peer: string, flags: Flags): Promise<void> {
  const { adminSocket, json, network } = flags;
  const { filterVerdict } = await import('@routed/driver/replies');
  const body = { peer, ...(network === undefined ? {} : { network }) };
  const request = { method: 'POST', path: `${pathOf(direction, container)}/test`, body } as const;
  const verdicts = await askDaemonFor(adminSocket, request, z.array(filterVerdict));
  if (json) {
    sayJson(verdicts);
    return;
  }
  printTable(
    ['NETWORK', 'VERDICT', 'BECAUSE'],
    verdicts.map(({ network: on, verdict, because }) => [on, verdict, because]),
  );
}

async function ask(
  adminSocket: string,
  request: { readonly method: 'GET' | 'PUT'; readonly path: string; readonly body?: object },
): Promise<FilterStatus[]> {
  const { filterStatus } = await import('@routed/driver/replies');
  return await askDaemonFor(adminSocket, request, z.array(filterStatus));
}

function pathOf(direction: Direction, container: string): string {
  return `/v1/containers/${encodeURIComponent(container)}/${direction}`;
}

function print(direction: Direction, rows: readonly FilterStatus[], { json }: Flags): void {
  if (json) {
    sayJson(rows);
    return;
  }
  const isEgress = direction === 'egress';
  printTable(
    [
      'NETWORK',
      WORDS[direction].heading,
      ...(isEgress ? ['DNS'] : ['SPOOFING']),
      'MODE',
      'EXAMINED',
      'REFUSED',
      ...(isEgress ? [] : ['SPOOFED']),
    ],
    rows.map(({ network, [direction]: list = 'any', mode, resolvers, spoof, counters }) => {
      const { examined = '-', refused = '-', spoofed = '-' } = counters ?? {};
      const own = isEgress ? (resolvers?.join(',') ?? '-') : spoof;
      return [network, list, own, mode, `${examined}`, `${refused}`, ...(isEgress ? [] : [`${spoofed}`])];
    }),
  );
  const warnings = new Set(rows.flatMap((row) => row.warnings ?? []));
  for (const warning of warnings) sayMarked(paint('yellow', 'WARNING'), warning);
}
