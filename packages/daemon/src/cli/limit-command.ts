import type { LimitStatus } from '@routed/driver/replies';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { askDaemonFor } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { printTable } from '../terminal/table.ts';
import { sayJson } from '../terminal/terminal.ts';

interface Flags {
  readonly adminSocket: string;
  readonly json?: boolean;
}

interface SetFlags extends Flags {
  readonly in?: string;
  readonly out?: string;
  readonly network?: string;
}

/** `routed-plugin limit`: how fast packets may go to a container and from it, while it runs. */
export function limitCommand(): Command {
  const command = new Command('limit').description('show or set how fast packets may go to and from a container');
  command
    .command('show')
    .description('show the limits of a container, and what they did')
    .argument('<container>', 'name, or id or the start of it')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'))
    .action(show);
  command
    .command('set')
    .description('set the limits of a container, at once and for as long as it exists')
    .argument('<container>', 'name, or id or the start of it')
    .option('--in <rate>', 'to it, such as 100mbit or "1gbit burst 1m"; off: no limit')
    .option('--out <rate>', 'from it, in the same form')
    .option('--network <name>', 'on this network only')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'))
    .action(set);
  return command;
}

async function show(container: string, flags: Flags): Promise<void> {
  print(await ask(flags.adminSocket, { method: 'GET', path: pathOf(container) }), flags);
}

async function set(container: string, flags: SetFlags): Promise<void> {
  const { adminSocket, in: inward, out, network } = flags;
  const body = { in: inward, out, network };
  print(await ask(adminSocket, { method: 'PUT', path: pathOf(container), body }), flags);
}

async function ask(
  adminSocket: string,
  request: { readonly method: 'GET' | 'PUT'; readonly path: string; readonly body?: object },
): Promise<LimitStatus[]> {
  const { limitStatus } = await import('@routed/driver/replies');
  return await askDaemonFor(adminSocket, request, z.array(limitStatus));
}

function pathOf(container: string): string {
  return `/v1/containers/${encodeURIComponent(container)}/limits`;
}

function print(rows: readonly LimitStatus[], { json }: Flags): void {
  if (json) {
    sayJson(rows);
    return;
  }
  printTable(
    ['NETWORK', 'DIRECTION', 'RATE', 'PASSED', 'DELAYED', 'DROPPED'],
    rows.flatMap((row) =>
      (['in', 'out'] as const).map((direction) => {
        const { packets = '-', delayed = '-', dropped = '-' } = row.counters[direction] ?? {};
        return [row.network, direction, row[direction], String(packets), String(delayed), String(dropped)];
      }),
    ),
  );
}
