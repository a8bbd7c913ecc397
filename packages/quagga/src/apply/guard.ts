import { setTimeout as sleep } from 'node:timers/promises';
import { isQuaggaError } from '../errors.ts';
import { type Journal, readJournal } from './journal.ts';
import { isLocked } from './lock.ts';
import { type RevertOptions, revertChange } from './revert.ts';

const PAUSE_MS = 500;
const RETRY_MS = 10_000;
/** How often a router that does not go back is tried again. */
const ATTEMPTS = 60;

/**
 * Watches over one change from another process: undoes it when the process that makes it has died, or when nobody has
 * confirmed it in time. Resolves when the change is finished or undone.
 * @param report is told what was done
 * @throws {@link QuaggaError} `ROLLBACK_FAILED` when the router did not go back for ten minutes
 */
export async function guardChange(id: string, options: RevertOptions, report: (text: string) => void): Promise<void> {
  let failures = 0;
  let journal = await readJournal(options.configDir);
  // By a clock that nobody sets: the journal has the wall clock.
  const due = new Map<Journal['phase'], number>();
  while (journal?.id === id) {
    if (!due.has(journal.phase)) due.set(journal.phase, performance.now() + remainingMs(journal));
    const isDue = performance.now() >= (due.get(journal.phase) ?? 0);
    if (isDue && !(await isLocked(options.configDir))) {
      const failure = await tryToRevert(id, options, report);
      if (failure !== undefined && ++failures >= ATTEMPTS) throw failure;
      if (failure !== undefined) await sleep(RETRY_MS);
    }
    await sleep(PAUSE_MS);
    journal = await readJournal(options.configDir);
  }
}

/** Who makes a change holds the lock: without it the change is due at once. */
function remainingMs({ phase, confirmBy }: Journal): number {
  return phase === 'changing' || confirmBy === undefined ? 0 : Date.parse(confirmBy) - Date.now();
}

async function tryToRevert(
  id: string,
  options: RevertOptions,
  report: (text: string) => void,
): Promise<Error | undefined> {
  try {
    if (await revertChange(options, id)) report('reverted a change that nobody confirmed, or that was interrupted');
    return undefined;
  } catch (error) {
    if (!isQuaggaError(error)) throw error;
    report(error.message);
    return error;
  }
}
