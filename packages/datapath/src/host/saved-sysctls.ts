import { readIfThere, removeIfThere, writeDurably } from '@routed/store';
import { join } from 'node:path';
import { z } from 'zod';

/** A sysctl that is not as it was found. */
export interface ChangedSetting {
  /** With slashes: `net/ipv4/ip_forward`. */
  readonly key: string;
  readonly found: string;
  readonly set: string;
}

/** What remembers what was found, from one life of the daemon to the next. */
export interface SavedSysctls {
  load(): Promise<readonly ChangedSetting[]>;
  /** Returns when a power failure no longer loses it. */
  save(changed: readonly ChangedSetting[]): Promise<void>;
}

/** In the state directory, beside the database. */
export const LEDGER_FILE = 'host-settings.json';

const ledger = z.object({
  boot: z.string(),
  changed: z.array(z.object({ key: z.string(), found: z.string(), set: z.string() })),
});

/**
 * The ledger in a file of the state directory. What was found before a reboot is of no use: the kernel starts with its
 * own values again. A file that cannot be read is treated like none: nothing is then restored.
 */
export function fileSavedSysctls(directory: string, bootId: string): SavedSysctls {
  const path = join(directory, LEDGER_FILE);
  return {
    load: async () => {
      const text = await readIfThere(path);
      const { data } = ledger.safeParse(text === undefined ? undefined : parse(text));
      return data?.boot === bootId ? data.changed : [];
    },
    save: async (changed) => {
      if (changed.length === 0) await removeIfThere(path);
      else await writeDurably(path, `${JSON.stringify({ boot: bootId, changed }, null, 2)}\n`, 0o600);
    },
  };
}

/** A ledger that ends with the process. */
export function memorySavedSysctls(): SavedSysctls {
  let kept: readonly ChangedSetting[] = [];
  return {
    load: () => Promise.resolve(kept),
    save: (changed) => {
      kept = changed;
      return Promise.resolve();
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
