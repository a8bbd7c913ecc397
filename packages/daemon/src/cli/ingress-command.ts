import type { IngressStatus } from '@routed/driver/replies';
import { text } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { askDaemonFor } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { printTable } from '../terminal/table.ts';
import { sayJson } from '../terminal/terminal.ts';

interface Flags {
  readonly adminSocket: string;
  readonly json?: boolean;
  readonly network?: string;
}

/** `routed-plugin ingress`: who may open connections to a container, while it runs. */
export function ingressCommand(): Command {
  const command = new Command('ingress').description('show or set who may connect to a container');
  command
    .command('show')
    .description('show who may connect to a container, and the counters')
    .argument('<container>', 'name, or id or the start of it')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'))
    .action(show);
  command
    .command('set')
    .description('set who may connect to a container, at once and for as long as it exists')
    .argument('<container>', 'name, or id or the start of it')
    .argument(
      '<sources>',
      'such as "10.0.0.0/8, 10.1.2.3-10.1.2.9, [fd00::/8]:443/tcp"; none, or any; - reads standard input',
    )
    .option('--network <name>', 'on this network only')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'))
    .action(set);
  return command;
}

async function show(container: string, flags: Flags): Promise<void> {
  print(await ask(flags.adminSocket, { method: 'GET', path: pathOf(container) }), flags);
}

async function set(container: string, sources: string, flags: Flags): Promise<void> {
  const { adminSocket, network } = flags;
  // A command line holds 128 KiB of it, a list of 10,000 sources is longer.
  const ingress = sources === '-' ? await text(process.stdin) : sources;
  const body = { ingress, ...(network === undefined ? {} : { network }) };
  print(await ask(adminSocket, { method: 'PUT', path: pathOf(container), body }), flags);
}

async function ask(
  adminSocket: string,
  request: { readonly method: 'GET' | 'PUT'; readonly path: string; readonly body?: object },
): Promise<IngressStatus[]> {
  const { ingressStatus } = await import('@routed/driver/replies');
  return await askDaemonFor(adminSocket, request, z.array(ingressStatus));
}

function pathOf(container: string): string {
  return `/v1/containers/${encodeURIComponent(container)}/ingress`;
}

function print(rows: readonly IngressStatus[], { json }: Flags): void {
  if (json) {
    sayJson(rows);
    return;
  }
  printTable(
    ['NETWORK', 'ALLOWED SOURCES', 'SPOOFING', 'EXAMINED', 'REFUSED', 'SPOOFED'],
    rows.map(({ network, ingress, spoof, counters }) => {
      const { examined = '-', refused = '-', spoofed = '-' } = counters ?? {};
      return [network, ingress, spoof, examined, refused, spoofed];
    }),
  );
}
