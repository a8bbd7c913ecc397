import { readIfThere, removeIfThere, writeDurably } from './durable-file.ts';

/** Changes of a host that can be taken back: saved before they are made, and until they are undone. */
export interface UndoLog<Change> {
  load(): Promise<readonly Change[]>;
  /** Returns when a power failure no longer loses it. */
  save(changes: readonly Change[]): Promise<void>;
}

/** An undo log in a file that is there as long as there is something to undo. */
export function fileUndoLog<Change>(
  path: string,
  format: {
    /** What it throws, `load` rejects with. */
    readonly parse: (json: unknown) => readonly Change[];
    readonly toJson: (changes: readonly Change[]) => object;
  },
): UndoLog<Change> {
  return {
    load: async () => {
      const text = await readIfThere(path);
      return text === undefined ? [] : format.parse(JSON.parse(text));
    },
    save: async (changes) => {
      if (changes.length === 0) await removeIfThere(path);
      else await writeDurably(path, `${JSON.stringify(format.toJson(changes), null, 2)}\n`, 0o600);
    },
  };
}

/** An undo log that ends with the process. */
export function memoryUndoLog<Change>(): UndoLog<Change> {
  let kept: readonly Change[] = [];
  return {
    load: () => Promise.resolve(kept),
    save: (changes) => {
      kept = changes;
      return Promise.resolve();
    },
  };
}
