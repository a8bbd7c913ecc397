import { blockText } from '@routed/driver/option-values';
import type { NetworkBlocksReply } from '@routed/driver/replies';
import { Command, Option } from 'commander';
import { askDaemonFor } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { printTable } from '../terminal/table.ts';
import { say, sayJson } from '../terminal/terminal.ts';

interface Flags {
  readonly adminSocket: string;
  readonly json?: boolean;
}

/** `routed-plugin network`: what Docker cannot change of a network. */
export function networkCommand(): Command {
  const command = new Command('network').description('show or change what Docker cannot change of a network');
  command
    .command('block')
    .description('show the blocks of a network on this host, or set their prefix length (routed.block)')
    .argument('<network>', 'name, or id or the start of it')
    .argument('[lengths]', 'such as /26, or /26,/122; none: announce each address by itself')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'))
    .action(run);
  command
    .command('forget')
    .description('free a network that Docker no longer has, with its subnet and what is left of its containers')
    .argument('<network>', 'id or the start of it, or its subnet: Docker no longer knows its name')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'))
    .action(forget);
  return command;
}

async function forget(network: string, { adminSocket, json }: Flags): Promise<void> {
  const { forgottenNetwork } = await import('@routed/driver/replies');
  const path = `/v1/networks/${encodeURIComponent(network)}`;
  const reply = await askDaemonFor(adminSocket, { method: 'DELETE', path }, forgottenNetwork);
  const { networkId, prefixes, endpoints } = reply;
  if (json) sayJson(reply);
  else
    say(`network ${networkId.slice(0, 12)} is forgotten: ${prefixes.join(', ')} is free, ${endpoints} endpoints went`);
}

async function run(
  network: string,
  lengths: string | undefined,
  { adminSocket, json }: Flags,
  command: Command,
): Promise<void> {
  const { error } = lengths === undefined || lengths === 'none' ? {} : blockText.safeParse(lengths);
  if (error !== undefined) command.error(`error: ${lengths ?? ''}: ${error.issues[0]?.message ?? 'not a length'}`);
  const { networkBlocksReply } = await import('@routed/driver/replies');
  const path = `/v1/networks/${encodeURIComponent(network)}/block`;
  const request =
    lengths === undefined
      ? ({ method: 'GET', path } as const)
      : ({ method: 'PUT', path, body: { block: lengths === 'none' ? null : lengths } } as const);
  const reply = await askDaemonFor(adminSocket, request, networkBlocksReply);
  if (json) sayJson(reply);
  else print(reply);
}

function print({ network, block, blocks }: NetworkBlocksReply): void {
  printTable(['NETWORK', 'ROUTED.BLOCK', 'BLOCKS OF THIS HOST'], [[network, block, blocks.join(' ') || '-']]);
}
