import type { AnnouncementStatus } from '@routed/driver';
import { Command, Option } from 'commander';
import { askDaemon } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { printTable } from '../terminal/table.ts';
import { sayJson } from '../terminal/terminal.ts';

interface Flags {
  readonly adminSocket: string;
  readonly json?: boolean;
  readonly network?: string;
}

/** `routed-plugin announce` and `withdraw`: whether other hosts are told of a container with `routed.announce=manual`. */
export function announceCommands(): Command[] {
  return [
    commandOf('announce', 'announce a container to other hosts (routed.announce=manual)', true),
    commandOf('withdraw', 'no longer announce a container to other hosts (routed.announce=manual)', false),
  ];
}

function commandOf(name: string, description: string, isAnnounced: boolean): Command {
  return new Command(name)
    .description(description)
    .argument('<container>', 'name, or id or the start of it')
    .option('--network <name>', 'on this network only')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'))
    .action(async (container: string, { adminSocket, network, json }: Flags) => {
      const path = `/v1/containers/${encodeURIComponent(container)}/announcement`;
      const body = { isAnnounced, ...(network === undefined ? {} : { network }) };
      const rows = (await askDaemon(adminSocket, { method: 'PUT', path, body })) as AnnouncementStatus[];
      if (json) sayJson(rows);
      else print(rows);
    });
}

function print(rows: readonly AnnouncementStatus[]): void {
  printTable(
    ['NETWORK', 'ADDRESSES', 'ANNOUNCED', 'REASON'],
    rows.map(({ network, addresses, isAnnounced, reason }) => [
      network,
      addresses.join(' '),
      isAnnounced ? 'yes' : 'no',
      reason,
    ]),
  );
}
