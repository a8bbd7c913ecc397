import { errorText } from '@routed/text';
import { CommanderError } from 'commander';
import { VERSION } from '../version.ts';
import { EXIT_CODE, exitCodeOf } from '../terminal/exit-codes.ts';
import { asksToServe, servingProgram } from './serving-program.ts';
import { SELFTEST_END } from '../selftest/end-protocol.ts';
import { complain } from '../terminal/terminal.ts';

/** The first word of the command line that a package is built with: no command for people. */
const WARM_UP = 'warm-up';

/** Runs a command line, without the names of interpreter and program, and sets the exit status of the process. */
export async function runCommandLine(words: readonly string[]): Promise<void> {
  try {
    if (words[0] === SELFTEST_END) {
      await (await import('../selftest/end.ts')).runEnd();
      return;
    }
    if (words[0] === WARM_UP) {
      await (await import('../serve/warm-up.ts')).warmUp(servingProgram(VERSION));
      return;
    }
    const program = asksToServe(words)
      ? servingProgram(VERSION)
      : (await import('./program.ts')).createProgram(VERSION);
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    // Commander has said what it has to say.
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.usage;
      return;
    }
    complain(`routed-plugin: ${errorText(error)}`);
    process.exitCode = exitCodeOf(error);
  }
}
