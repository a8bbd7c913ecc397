import { EXIT_CODE } from '../terminal/exit-codes.ts';
import { parseServeOptions } from './serve-options.ts';
import { complain, say } from '../terminal/terminal.ts';

/** What is known of where the options came from. */
export interface OptionSources {
  /** The environment variable that a value was taken from, by the option's key; undefined: it was typed, or is ours. */
  readonly variableOf: (key: string) => string | undefined;
  /** What to say of variables that are not understood. */
  readonly doubts: readonly string[];
}

/**
 * Says whether the daemon would take these options: before it is restarted with them. An uplink that is not there is taken, and told:
 * it may come later.
 *
 * @throws OptionError
 */
export async function check(
  raw: Readonly<Record<string, unknown>>,
  { variableOf, doubts }: OptionSources,
): Promise<void> {
  const { uplinks } = parseServeOptions(raw, variableOf);
  const absent = uplinks === undefined ? [] : await absentHere(uplinks);
  for (const doubt of [...doubts, ...absent]) complain(`routed-plugin: ${doubt}`);
  if (doubts.length > 0) process.exitCode = EXIT_CODE.usage;
  else if (absent.length > 0) process.exitCode = EXIT_CODE.problem;
  else say('all options and variables are valid');
}

async function absentHere(uplinks: readonly string[]): Promise<string[]> {
  const [{ absentUplinks }, { openRtnl }] = await Promise.all([import('@routed/datapath'), import('@routed/netns')]);
  await using rtnl = await openRtnl();
  return absentUplinks(uplinks, await rtnl.links.list());
}
