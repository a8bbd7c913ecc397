import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { Command, Option } from 'commander';
import { AdminError, unreachableDaemon } from '../admin/admin-client.ts';
import type { JournalEntry } from '../journal/journal.ts';
import { adminSocketOption } from './admin-socket-option.ts';

interface Flags {
  readonly adminSocket: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** `routed-plugin events`: what happened to which address, and why. */
export function eventsCommand(): Command {
  return new Command('events')
    .description('tell what happened to addresses, the oldest first')
    .argument('[address]', 'of this one only')
    .option('-f, --follow', 'go on telling until Ctrl-C')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print one JSON object a line'))
    .action(tell);
}

async function tell(address: string | undefined, { adminSocket, follow, json }: Flags): Promise<void> {
  const query = new URLSearchParams();
  if (address !== undefined) {
    const { canonicalHostAddress } = await import('../endpoints/endpoint-options.ts');
    query.set('address', canonicalHostAddress(address));
  }
  if (follow) query.set('follow', 'true');
  for await (const line of linesOf(adminSocket, `/v1/events?${query.toString()}`)) {
    process.stdout.write(`${json ? line : textOf(JSON.parse(line) as JournalEntry)}\n`);
  }
}

async function* linesOf(socketPath: string, path: string): AsyncGenerator<string> {
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = request({ socketPath, path, agent: false }, resolve);
    call.on('error', (error) => reject(unreachableDaemon(socketPath, error)));
    call.end();
  });
  if (reply.statusCode !== 200) throw new AdminError(`routed-plugin answered ${reply.statusCode}`);
  for await (const line of createInterface({ input: reply })) if (line !== '') yield line;
}

function textOf({ at, kind, addresses, endpointId, detail }: JournalEntry): string {
  const who = endpointId === undefined ? '' : ` (endpoint ${endpointId.slice(0, 12)})`;
  return `${at}  ${kind.padEnd(10)}  ${addresses.join(' ')}${who}: ${detail}`;
}
