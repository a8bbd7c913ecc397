import { Command, InvalidArgumentError, Option } from 'commander';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { SORT_KEYS, type SortKey } from '../top/rows.ts';

interface Flags {
  readonly adminSocket: string;
  readonly network?: string;
  readonly sort: SortKey;
  readonly interval: number;
  readonly once?: boolean;
  readonly json?: boolean;
}

const INTERVAL_SEC = { least: 0.1, most: 3600 } as const;

/** `routed-plugin top`: who sends and gets how much at the moment. */
export function topCommand(): Command {
  return new Command('top')
    .description('show what containers send and get at the moment, until q; in a pipe: once')
    .addOption(new Option('--sort <column>', 'most first').choices([...SORT_KEYS]).default('in'))
    .option('--network <name>', 'only containers of this network')
    .addOption(new Option('--interval <seconds>', 'how often, and over how long').argParser(readSeconds).default(1))
    .option('--once', 'one table, and no more')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON, once'))
    .action(tell);
}

async function tell({ interval: intervalSec, once = false, json = false, ...flags }: Flags): Promise<void> {
  // Loaded when it is needed: the other commands stay quick.
  const { showTop } = await import('../top/top.ts');
  await showTop({ ...flags, intervalSec, json, once: once || json || !process.stdout.isTTY });
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= INTERVAL_SEC.least && seconds <= INTERVAL_SEC.most) return seconds;
  throw new InvalidArgumentError(`expected seconds, from ${INTERVAL_SEC.least} to ${INTERVAL_SEC.most}`);
}
