import type { JournalLine } from '@routed/driver/replies';
import { Command, Option } from 'commander';
import { askDaemonFor, askDaemonForLines } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { EXIT_CODE } from '../terminal/exit-codes.ts';
import { complain, say, sayJsonLine } from '../terminal/terminal.ts';
import { tellRefused } from './refused-command.ts';

interface Flags {
  readonly adminSocket: string;
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly refused?: boolean;
}

/** `routed-plugin events`: what happened to which address, and why. */
export function eventsCommand(): Command {
  return new Command('events')
    .description('show what happened to addresses, oldest first')
    .argument('[address]', 'only this address; exit status 1 if no network of this host has it')
    .option('-f, --follow', 'follow new events until Ctrl-C')
    .option('--refused', 'show packets that filters refused instead, of all containers')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print one JSON object per line'))
    .action(tell);
}

async function tell(text: string | undefined, { adminSocket, follow, json, refused }: Flags): Promise<void> {
  const query = new URLSearchParams();
  if (text !== undefined) {
    const { canonicalHostAddress } = await import('@routed/ipam');
    const address = canonicalHostAddress(text);
    if (refused) {
      await tellRefused({ adminSocket, follow, json, address });
      return;
    }
    await tellOfNothing(adminSocket, address);
    query.set('address', address);
  }
  if (refused) {
    await tellRefused({ adminSocket, follow, json });
    return;
  }
  if (follow) query.set('follow', 'true');
  const { journalEntry } = await import('@routed/driver/replies');
  for await (const entry of askDaemonForLines(adminSocket, `/v1/events?${query.toString()}`, journalEntry)) {
    if (json) sayJsonLine(JSON.stringify(entry));
    else say(textOf(entry));
  }
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
