import { fileUndoLog, type UndoLog } from '@routed/store';
import { join } from 'node:path';
import { z } from 'zod';

/** A setting that is not as it was found. */
export interface ChangedSetting {
  /** With slashes: `net/ipv4/ip_forward`. */
  readonly key: string;
  readonly found: string;
  readonly set: string;
}

/** What remembers settings as they were found, from one run of the daemon to the next. */
export type SavedSysctls = UndoLog<ChangedSetting>;

/** In the state directory, beside the database. */
export const SAVED_SYSCTLS_FILE = 'host-settings.json';

const saved = z.object({
  boot: z.string(),
  changed: z.array(z.object({ key: z.string(), found: z.string(), set: z.string() })),
});

/** Settings as they were found before this boot are of no use: the kernel starts with its own values again. */
export function fileSavedSysctls(directory: string, bootId: string): SavedSysctls {
  return fileUndoLog(join(directory, SAVED_SYSCTLS_FILE), {
    parse: (json) => {
      const { boot, changed } = saved.parse(json);
      return boot === bootId ? changed : [];
    },
    toJson: (changed) => ({ boot: bootId, changed }),
  });
}
