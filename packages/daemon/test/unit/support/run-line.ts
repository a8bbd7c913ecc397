import { restore, stub } from 'sinon';
import { runCommandLine } from '../../../src/cli/run.ts';

/** How a command ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line of routed-plugin in this process: what it prints, and the exit status that it sets. */
export async function runLine(words: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    stub(process[name], 'write').callsFake((text) => {
      printed[name] += String(text);
      return true;
    });
  }
  stub(process, 'env').value(env);
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await runCommandLine(words);
    return { exitCode: process.exitCode, ...printed };
  } finally {
    process.exitCode = before;
    restore();
  }
}
