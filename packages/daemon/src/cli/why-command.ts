import { Command, Option } from 'commander';
import type { AddressFacts } from '../why/facts.ts';
import type { Station } from '../why/explain.ts';
import { adminSocketOption } from './admin-socket-option.ts';
import { printTable } from './table.ts';

interface Flags {
  readonly adminSocket: string;
  readonly routerDir: string;
  readonly json?: boolean;
}

const SHOWN_EVENTS = 20;

/** `routed-plugin why`: walks an address through everything that it needs to be reached. */
export function whyCommand(): Command {
  return new Command('why')
    .description('walk an address from its lease to other hosts, and say where it breaks; exit code 1 if it does')
    .argument('<address>')
    .addOption(adminSocketOption())
    .addOption(new Option('--router-dir <path>', 'where routing daemons have their sockets').default('/run/frr'))
    .addOption(new Option('--json', 'print JSON'))
    .action(run);
}

async function run(text: string, flags: Flags): Promise<void> {
  const [{ canonicalHostAddress }, { explain }, { readFacts }] = await Promise.all([
    import('../endpoints/endpoint-options.ts'),
    import('../why/explain.ts'),
    import('../why/read-facts.ts'),
  ]);
  const facts = await readFacts(canonicalHostAddress(text), flags);
  const stations = explain(facts);
  if (flags.json) process.stdout.write(`${JSON.stringify({ stations, facts }, null, 2)}\n`);
  else print(stations, facts);
  if (stations.some(({ state }) => state === 'broken')) process.exitCode = 1;
}

function print(stations: readonly Station[], { record }: AddressFacts): void {
  const marks = { ok: 'ok', broken: 'BROKEN', unknown: '?' } as const;
  printTable(
    [],
    stations.map(({ name, state, text }) => [name, marks[state], text]),
  );
  const first = stations.find(({ state }) => state === 'broken');
  say(
    first === undefined
      ? '\nNothing is broken that can be seen from here.'
      : `\nIt breaks at the ${first.name}: ${first.text}.`,
  );
  const history = record?.history.slice(-SHOWN_EVENTS) ?? [];
  if (history.length === 0) return;
  say('\nWhat happened lately:');
  for (const { at, kind, detail } of history) say(`  ${at}  ${kind}: ${detail}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
