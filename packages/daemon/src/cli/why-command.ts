import { Command, Option } from 'commander';
import { z } from 'zod';
import { askDaemonFor } from '../admin/admin-client.ts';
import type { AddressFacts } from '../why/facts.ts';
import type { Stage } from '../why/explain.ts';
import { isMeantAsAddress } from './meant-as-address.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { EXIT_CODE } from '../terminal/exit-codes.ts';
import { printTable } from '../terminal/table.ts';
import { complain, say, sayJson } from '../terminal/terminal.ts';

interface Flags {
  readonly adminSocket: string;
  readonly routerDir: string;
  readonly json?: boolean;
  readonly from?: string;
  readonly port?: string;
}

/** What is known of one address. */
interface Answer {
  readonly stations: readonly Stage[];
  readonly facts: AddressFacts;
}

const SHOWN_EVENTS = 20;

/** `routed-plugin why`: walks an address through everything that it needs to be reached. */
export function whyCommand(): Command {
  return new Command('why')
    .description('trace an address from its lease to other hosts, and show where it breaks; exit status 1 if it does')
    .argument('<address|container>', 'a container: all of its addresses')
    .option('--from <address|container>', 'also say what the filters of both ends do with its connections')
    .option('--port <port>', 'with --from: such as 443/tcp; without it, a ping')
    .addOption(adminSocketOption())
    .addOption(new Option('--router-dir <path>', 'where the routing daemons have their sockets').default('/run/frr'))
    .addOption(new Option('--json', 'print JSON'))
    .action(run);
}

async function run(text: string, flags: Flags, command: Command): Promise<void> {
  const { adminSocket, from, port } = flags;
  if (port !== undefined && from === undefined) command.error('error: --port needs --from: who would connect');
  const [{ canonicalHostAddress }, { explain }, { readFacts }] = await Promise.all([
    import('@routed/ipam'),
    import('../why/explain.ts'),
    import('../why/read-facts.ts'),
  ]);
  const isAddress = isMeantAsAddress(text);
  const addresses = isAddress ? [canonicalHostAddress(text)] : await addressesOf(text, flags);
  const answers: Answer[] = [];
  for (const address of addresses) {
    const facts = await readFacts(address, flags);
    const attempt = {
      from: from === undefined ? '' : canonicalEnd(from, canonicalHostAddress),
      to: address,
      port,
      adminSocket,
    };
    const between = from === undefined ? [] : await (await import('../why/attempt.ts')).stagesOf(attempt);
    answers.push({ stations: [...explain(facts), ...between], facts });
  }
  if (flags.json) sayJson((isAddress ? answers[0] : undefined) ?? answers);
  else answers.forEach((answer, index) => print(answer, { isFirst: index === 0, isNamed: !isAddress }));
  if (answers.some(({ stations }) => stations.some(({ state }) => state === 'broken'))) {
    process.exitCode = EXIT_CODE.problem;
  }
}

/** An address in its usual form, or the name of a container as it is. */
function canonicalEnd(text: string, canonical: (address: string) => string): string {
  return isMeantAsAddress(text) ? canonical(text) : text;
}

async function addressesOf(container: string, { adminSocket }: Flags): Promise<string[]> {
  const path = `/v1/addresses?container=${encodeURIComponent(container)}`;
  const { listedAddress } = await import('@routed/driver/replies');
  const listed = await askDaemonFor(adminSocket, path, z.array(listedAddress));
  if (listed.length > 0) return listed.map(({ address }) => address);
  complain(`container ${container} has no address on a routed network now`);
  process.exitCode = EXIT_CODE.problem;
  return [];
}

function print({ stations, facts }: Answer, { isFirst, isNamed }: { isFirst: boolean; isNamed: boolean }): void {
  if (!isFirst) say();
  if (isNamed) say(`${facts.address}:`);
  const marks = { ok: 'ok', broken: 'BROKEN', unknown: '?' } as const;
  printTable(
    [],
    stations.map(({ name, state, text }) => [name, marks[state], text]),
  );
  const first = stations.find(({ state }) => state === 'broken');
  say();
  say(first === undefined ? 'No problem found from this host.' : `It breaks at the ${first.name}: ${first.text}.`);
  const history = facts.record?.history.slice(-SHOWN_EVENTS) ?? [];
  if (history.length === 0) return;
  say();
  say('Recent events:');
  for (const { at, kind, detail } of history) say(`  ${at}  ${kind}: ${detail}`);
}
