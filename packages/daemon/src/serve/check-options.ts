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
 * Says whether the daemon would take these options: before it is restarted with them.
 *
 * @throws OptionError
 */
export function check(raw: Readonly<Record<string, unknown>>, { variableOf, doubts }: OptionSources): void {
  parseServeOptions(raw, variableOf);
  for (const doubt of doubts) complain(`routed-plugin: ${doubt}`);
  if (doubts.length === 0) say('all options and variables are valid');
  else process.exitCode = EXIT_CODE.usage;
}
