import type { AnnouncementStatus } from '@routed/driver/replies';
import { ANNOUNCE_POLICIES } from '@routed/driver/option-values';
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
  readonly policy?: string;
}

const policyOption = new Option(
  '--policy <policy>',
  'announce it by this policy instead of routed.announce, until it ends',
).choices(ANNOUNCE_POLICIES);

/** `routed-plugin announce` and `withdraw`: whether other hosts are told of a container with `routed.announce=manual`. */
export function announceCommands(): Command[] {
  return [
    commandOf('announce', 'announce a container to other hosts (routed.announce=manual, or --policy)', true).addOption(
      policyOption,
    ),
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
    .action(async (container: string, { adminSocket, network, json, policy }: Flags) => {
      const path = `/v1/containers/${encodeURIComponent(container)}/announcement`;
      const body = { isAnnounced, ...(network !== undefined && { network }), ...(policy !== undefined && { policy }) };
      const { announcementStatus } = await import('@routed/driver/replies');
      const rows = await askDaemonFor(adminSocket, { method: 'PUT', path, body }, z.array(announcementStatus));
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
