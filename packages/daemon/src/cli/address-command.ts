import type { AddressChange, ListedAddress } from '@routed/driver/replies';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { askDaemonFor } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { printTable } from '../terminal/table.ts';
import { say, sayJson } from '../terminal/terminal.ts';
import { isMeantAsAddress } from './meant-as-address.ts';
import { reasonText } from './reason-text.ts';

interface Flags {
  readonly adminSocket: string;
  readonly json?: boolean;
  readonly network?: string;
  readonly anycast?: boolean;
}

const jsonOption = (): Option => new Option('--json', 'print JSON');

/** `routed-plugin address`: further addresses of containers, while they run. */
export function addressCommand(): Command {
  const command = new Command('address').description('manage additional addresses of containers');
  command
    .command('list')
    .description('list the addresses of all containers, or of one')
    .argument('[container]', 'name, or id or the start of it')
    .addOption(adminSocketOption())
    .addOption(jsonOption())
    .action(list);
  command
    .command('add')
    .description('add an address to a container, at once and for as long as the container exists')
    .argument('<container>', 'name, or id or the start of it')
    .argument('<address>', "from the network's subnets, or its routed.prefixes")
    .option('--network <name>', 'network, if several allow the address')
    .option('--anycast', 'other hosts may have the address as well')
    .addOption(adminSocketOption())
    .addOption(jsonOption())
    .action(add);
  command
    .command('remove')
    .description('remove an additional address from a container')
    .argument('<container>', 'name, or id or the start of it')
    .argument('<address>', 'one of its additional addresses')
    .addOption(adminSocketOption())
    .addOption(jsonOption())
    .action(remove);
  return command;
}

async function list(container: string | undefined, { adminSocket, json }: Flags): Promise<void> {
  const query = container === undefined ? '' : `?container=${encodeURIComponent(container)}`;
  const { listedAddress } = await import('@routed/driver/replies');
  const rows = await askDaemonFor(adminSocket, `/v1/addresses${query}`, z.array(listedAddress));
  if (json) {
    sayJson(rows);
    return;
  }
  printTable(
    ['ADDRESS', 'CONTAINER', 'NETWORK', 'SOURCE', 'STATE', 'POLICY', 'ANNOUNCED', 'SINCE'],
    rows.map((row) => [row.address, row.container, row.network, row.kind, stateOf(row), ...announcementOf(row)]),
  );
}

async function add(
  container: string,
  address: string,
  { adminSocket, json, network, anycast }: Flags,
  command: Command,
): Promise<void> {
  refuseSwapped(command, { container, address });
  const path = `/v1/containers/${encodeURIComponent(container)}/addresses`;
  const body = { address, ...(network === undefined ? {} : { network }), ...(anycast && { anycast }) };
  const { addressChange } = await import('@routed/driver/replies');
  const change = await askDaemonFor(adminSocket, { method: 'POST', path, body }, addressChange);
  const when = change.isLive ? '' : ' when it is started';
  report(change, `has ${change.address} on ${change.network}${when}`, json);
}

async function remove(
  container: string,
  address: string,
  { adminSocket, json }: Flags,
  command: Command,
): Promise<void> {
  refuseSwapped(command, { container, address });
  const path = `/v1/containers/${encodeURIComponent(container)}/addresses/${encodeURIComponent(address)}`;
  const { addressChange } = await import('@routed/driver/replies');
  const change = await askDaemonFor(adminSocket, { method: 'DELETE', path }, addressChange);
  const returns = change.returns ? '; it returns when the container restarts, because it is in its driver-opt' : '';
  report(change, `has ${change.address} no longer${returns}`, json);
}

/** Ends with what was meant when the address stands before the container. */
function refuseSwapped(command: Command, typed: { readonly container: string; readonly address: string }): void {
  const { container, address } = typed;
  if (!isMeantAsAddress(container) || isMeantAsAddress(address)) return;
  command.error(`error: the container comes first: routed-plugin address ${command.name()} ${address} ${container}`);
}

function report(change: AddressChange, text: string, json: boolean | undefined): void {
  if (json) sayJson(change);
  else say(`${change.container} ${text}`);
}

function stateOf({ state, reason }: ListedAddress): string {
  return reason === undefined ? state : `${state}: ${reason}`;
}

function announcementOf({ announcement }: ListedAddress): string[] {
  if (announcement === undefined) return ['-', '-', '-'];
  const { policy, isAnnounced, since = '-' } = announcement;
  return [policy, `${isAnnounced ? 'yes' : 'no'}: ${reasonText(announcement)}`, since];
}
