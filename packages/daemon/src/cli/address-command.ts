import type { AddressChange, ListedAddress } from '@routed/driver';
import { Command, Option } from 'commander';
import { askDaemon } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { printTable } from '../terminal/table.ts';
import { say, sayJson } from '../terminal/terminal.ts';

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
    .argument('<address>')
    .addOption(adminSocketOption())
    .addOption(jsonOption())
    .action(remove);
  return command;
}

async function list(container: string | undefined, { adminSocket, json }: Flags): Promise<void> {
  const query = container === undefined ? '' : `?container=${encodeURIComponent(container)}`;
  const rows = (await askDaemon(adminSocket, { method: 'GET', path: `/v1/addresses${query}` })) as ListedAddress[];
  if (json) {
    sayJson(rows);
    return;
  }
  printTable(
    ['ADDRESS', 'CONTAINER', 'NETWORK', 'SOURCE', 'STATE'],
    rows.map((row) => [row.address, row.container, row.network, row.kind, stateOf(row)]),
  );
}

async function add(container: string, address: string, { adminSocket, json, network, anycast }: Flags): Promise<void> {
  const path = `/v1/containers/${encodeURIComponent(container)}/addresses`;
  const body = { address, ...(network === undefined ? {} : { network }), ...(anycast && { anycast }) };
  const change = (await askDaemon(adminSocket, { method: 'POST', path, body })) as AddressChange;
  const when = change.isLive ? '' : ' when it is started';
  report(change, `has ${change.address} on ${change.network}${when}`, json);
}

async function remove(container: string, address: string, { adminSocket, json }: Flags): Promise<void> {
  const path = `/v1/containers/${encodeURIComponent(container)}/addresses/${encodeURIComponent(address)}`;
  const change = (await askDaemon(adminSocket, { method: 'DELETE', path })) as AddressChange;
  const returns = change.returns ? '; it returns when the container restarts, because it is in its driver-opt' : '';
  report(change, `has ${change.address} no longer${returns}`, json);
}

function report(change: AddressChange, text: string, json: boolean | undefined): void {
  if (json) sayJson(change);
  else say(`${change.container} ${text}`);
}

function stateOf({ state, reason }: ListedAddress): string {
  return reason === undefined ? state : `${state}: ${reason}`;
}
