import { statfsSync } from 'node:fs';
import { type MonitorEvents, openMonitor, openNetns, type Rtnl } from '@routed/netns';

/** What happens inside a sandbox. */
export interface SandboxEvents {
  on<Name extends 'link' | 'address' | 'overrun' | 'error'>(
    event: Name,
    listener: (...data: MonitorEvents[Name]) => void,
  ): unknown;
}

/** A container's network namespace, held open for one visit: as long as it is, the namespace cannot die. */
export interface SandboxView {
  readonly rtnl: Rtnl;
  readonly events: SandboxEvents;
  close(): Promise<void>;
}

/** Opens the namespace that Docker mounted at a path. Rejects with NetnsError when there is none to see. */
export type OpenSandbox = (path: string) => Promise<SandboxView>;

/** Source: linux uapi magic.h. */
const NSFS_MAGIC = 0x6e736673;

/** Whether Docker has mounted a namespace at a path, and this process sees it. */
export function hasSandbox(path: string): boolean {
  try {
    return statfsSync(path).type === NSFS_MAGIC;
  } catch {
    return false;
  }
}

/** Opens a sandbox of this machine. */
export async function openSandbox(path: string): Promise<SandboxView> {
  const netns = await openNetns({ path });
  try {
    // What there is to do need not wait for an answer to what there is.
    const rtnl = await netns.openRtnl({ lanes: 2 });
    const events = await openMonitor({ groups: ['link', 'address'], netns }).catch(async (error: unknown) => {
      await rtnl.close();
      throw error;
    });
    events.unref();
    return {
      rtnl,
      events,
      close: async () => {
        await events.close();
        await rtnl.close();
      },
    };
  } finally {
    await netns.close();
  }
}
