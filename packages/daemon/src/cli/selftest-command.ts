import { Command, Option } from 'commander';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { EXIT_CODE } from '../terminal/exit-codes.ts';
import { paint } from '../terminal/colour.ts';
import { complain, say, sayJson, sayMarked } from '../terminal/terminal.ts';
import { pluginDirOption } from './place-options.ts';
import type { CheckResult } from '../selftest/selftest.ts';

interface Flags {
  readonly adminSocket: string;
  readonly pluginDir: string;
  readonly routerDir: string;
  readonly network?: string;
  readonly peer?: string;
  readonly json?: boolean;
}

const MARKS = { pass: 'green', fail: 'red', unavailable: 'yellow' } as const;
const WIDEST_MARK = 'unavailable'.length;
const WIDEST_ID = 'additional'.length;

/** `routed-plugin selftest`: what the plugin does on this host, tried with packets. */
export function selftestCommand(): Command {
  return new Command('selftest')
    .description(
      'try what the plugin does on this host, with packets between two containers of its own; exit status 1 if something fails',
    )
    .option(
      '--network <name>',
      'take addresses from this network; otherwise from ranges for documentation, which are not announced',
    )
    .option('--peer <address>', 'also exchange packets with this address of another host; needs --network')
    .addOption(pluginDirOption('where the sockets of routed-plugin are'))
    .addOption(new Option('--router-dir <path>', 'where the routing daemons have their sockets').default('/run/frr'))
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print JSON'))
    .action(tell);
}

async function tell({ json = false, ...flags }: Flags, command: Command): Promise<void> {
  if (flags.peer !== undefined && flags.network === undefined) {
    command.error('error: --peer needs --network: other hosts know no way back to a range for documentation');
  }
  // Loaded when it is needed: the other commands stay quick.
  const [{ canonicalHostAddress }, { isAllowedToRoute }, { runSelftest }, { RoutedError }] = await Promise.all([
    import('@routed/ipam'),
    import('@routed/datapath'),
    import('../selftest/selftest.ts'),
    import('../ground/routed-error.ts'),
  ]);
  const { peer: named, ...spec } = flags;
  const peer = named === undefined ? {} : { peer: canonicalHostAddress(named) };
  if (!(await isAllowedToRoute()))
    throw new RoutedError('NOT_PERMITTED', 'selftest needs the capabilities of root: run it as root');
  const results: CheckResult[] = [];
  const aborted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => aborted.abort(new Error(`ended by ${signal}`)));
  const begin = performance.now();
  await runSelftest(
    { ...spec, ...peer },
    (result) => {
      results.push(result);
      if (!json) print(result);
    },
    aborted.signal,
  );
  const isWell = results.every(({ state }) => state !== 'fail');
  process.exitCode = isWell ? EXIT_CODE.ok : EXIT_CODE.problem;
  const ms = Math.round(performance.now() - begin);
  if (json) sayJson({ isWell, ms, checks: results.map((result) => ({ ...result, ms: round(result.ms) })) });
  else say(summary(results, ms));
  if (!isWell && !json)
    complain('what to do: "routed-plugin doctor", "routed-plugin status" and the log of routed-plugin');
}

function print({ id, title, state, ms, detail }: CheckResult): void {
  const mark = paint(MARKS[state], state);
  sayMarked(
    { ...mark, text: state.padEnd(WIDEST_MARK) },
    `${id.padEnd(WIDEST_ID)}  ${round(ms)} ms  ${title}: ${detail}`,
  );
}

function summary(results: readonly CheckResult[], ms: number): string {
  const count = (wanted: CheckResult['state']): number => results.filter(({ state }) => state === wanted).length;
  const missing = count('unavailable');
  return `${results.length} checks in ${ms} ms: ${count('pass')} passed, ${count('fail')} failed${missing > 0 ? `, ${missing} unavailable on this host` : ''}`;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
