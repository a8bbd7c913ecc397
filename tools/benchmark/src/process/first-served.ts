import { constants, getPriority, setPriority } from 'node:os';
import { atNormalPriority } from './normal-priority.ts';

/**
 * Runs `work`, and what it starts, before other work of the machine, but without real-time priority: a kernel that
 * schedules real-time work by cgroups (RT_GROUP_SCHED) lets no such process into the cgroup of a container.
 */
export async function firstServed<T>(work: () => Promise<T>): Promise<T> {
  const before = getPriority();
  return await atNormalPriority(async () => {
    setPriority(constants.priority.PRIORITY_HIGHEST);
    try {
      return await work();
    } finally {
      setPriority(before);
    }
  });
}
