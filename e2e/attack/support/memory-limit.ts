import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Lab } from '@routed/lab';

const root = '/sys/fs/cgroup';
/** Where the kernel has cgroups of version 1, or both. */
const memoryRoot = join(root, 'memory');

/** What the kernel does about memory of one process of a lab. */
export interface MemoryLimit {
  /** How many processes it has killed. */
  kills(): number;
}

/**
 * Lets a process have `bytes` more than it has: the kernel kills it when it wants more. The lab takes the cgroup away when it
 * closes.
 *
 * Source: linux Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst.
 */
export function limitMemory(lab: Lab, pid: number, bytes: number): MemoryLimit {
  const isOld = existsSync(memoryRoot);
  const directory = join(isOld ? memoryRoot : root, 'routed-lab', lab.name, `memory-${pid}`);
  mkdirSync(directory, { recursive: true });
  if (isOld) writeFileSync(join(directory, 'memory.limit_in_bytes'), String(bytes));
  else limitNew(directory, bytes);
  writeFileSync(join(directory, 'cgroup.procs'), String(pid));
  const counts = join(directory, isOld ? 'memory.oom_control' : 'memory.events');
  return { kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(counts, 'utf8'))?.[1]) };
}

function limitNew(directory: string, bytes: number): void {
  const parents = [dirname(dirname(dirname(directory))), dirname(dirname(directory)), dirname(directory)];
  for (const parent of parents) writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory');
  writeFileSync(join(directory, 'memory.max'), String(bytes));
  const swap = join(directory, 'memory.swap.max');
  if (existsSync(swap)) writeFileSync(swap, '0');
}
