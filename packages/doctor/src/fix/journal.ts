import { readIfThere, removeIfThere, writeDurably } from '@routed/store';
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

const journal = z.object({ changes: z.array(change) });

/** What `--fix` did and `--undo` has not taken back. */
export interface Journal {
  /** @throws DoctorError STATE_UNREADABLE */
  load(): Promise<readonly Change[]>;
  save(changes: readonly Change[]): Promise<void>;
}

/** In the state directory. */
export function fileJournal(stateDirectory: string): Journal {
  const path = join(stateDirectory, 'doctor.json');
  return {
    load: async () => {
      const text = await readIfThere(path);
      if (text === undefined) return [];
      try {
        return journal.parse(JSON.parse(text)).changes;
      } catch (error) {
        throw new DoctorError(
          'STATE_UNREADABLE',
          `${path} is unreadable (${(error as Error).message}): repair it, or move it away to continue without --undo`,
          { cause: error },
        );
      }
    },
    save: async (changes) => {
      if (changes.length === 0) await removeIfThere(path);
      else await writeDurably(path, `${JSON.stringify({ changes }, null, 2)}\n`, 0o600);
    },
  };
}

/** Whether two changes are of the same thing. */
export function isSameThing(one: Change, other: Change): boolean {
  if (one.kind === 'sysctl') return other.kind === 'sysctl' && one.key === other.key;
  return other.kind === one.kind && one.path === other.path;
}
