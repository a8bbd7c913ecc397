import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const cgroupRoot = '/sys/fs/cgroup';
const labsParent = 'routed-lab';

/** The `--cgroup-parent` of a host's engine: containers of a lab are found again below it. */
export function cgroupParent(labName: string, hostName: string): string {
  return `/${labsParent}/${labName}/${hostName}`;
}

/** Removes a lab's cgroups from every hierarchy (one with cgroup v2), after its processes are gone. */
export async function removeCgroups(labName: string): Promise<void> {
  for (const hierarchy of [cgroupRoot, ...childrenOf(cgroupRoot)]) {
    await removeTree(join(hierarchy, labsParent, labName));
    try {
      rmdirSync(join(hierarchy, labsParent));
    } catch {
      // Another lab is in use, or this hierarchy never had one.
    }
  }
}

async function removeTree(directory: string): Promise<void> {
  for (const child of childrenOf(directory)) await removeTree(child);
  for (let attempt = 0; attempt < 50; attempt += 1) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      // The kernel lets go of a cgroup a moment after its last process.
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return;
      await sleep(20);
    }
  }
}

function childrenOf(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name));
  } catch {
    return [];
  }
}
