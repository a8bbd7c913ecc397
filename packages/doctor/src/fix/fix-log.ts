import { fileUndoLog, type UndoLog } from '@routed/store';
import { join } from 'node:path';
import { z } from 'zod';
import { DoctorError } from '../ground/errors.ts';

const change = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sysctl'), key: z.string(), before: z.string(), after: z.string() }),
  // `null`: there was no such file.
  z.object({ kind: z.literal('file'), path: z.string(), before: z.string().nullable(), after: z.string() }),
  z.object({ kind: z.literal('stale-socket'), path: z.string() }),
]);

/** A change that was made, and what was there before. */
export type Change = z.infer<typeof change>;

const log = z.object({ changes: z.array(change) });

/** What `--fix` did and `--undo` has not taken back, in the state directory. `load` rejects with STATE_UNREADABLE. */
export function fixLog(stateDirectory: string): UndoLog<Change> {
  const path = join(stateDirectory, 'doctor.json');
  const file = fileUndoLog<Change>(path, {
    parse: (json) => log.parse(json).changes,
    toJson: (changes) => ({ changes }),
  });
  const load = (): Promise<readonly Change[]> =>
    file.load().catch((error: unknown) => Promise.reject(unreadable(path, error)));
  return { ...file, load };
}

function unreadable(path: string, cause: unknown): DoctorError {
  return new DoctorError(
    'STATE_UNREADABLE',
    `${path} is unreadable (${(cause as Error).message}): repair it, or move it away to continue without --undo`,
    { cause },
  );
}

/** Whether two changes are of the same thing. */
export function isSameThing(one: Change, other: Change): boolean {
  if (one.kind === 'sysctl') return other.kind === 'sysctl' && one.key === other.key;
  return other.kind === one.kind && one.path === other.path;
}
