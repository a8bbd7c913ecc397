import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Runs `work`, and what it starts, without the real-time priority of tools/bench: a kernel that schedules real-time
 * work by cgroups (RT_GROUP_SCHED) lets no such process into the cgroup of a container.
 */
export async function atNormalPriority<T>(work: () => Promise<T>): Promise<T> {
  const setPolicy = (policy: string, priority: number): Promise<unknown> =>
    run('chrt', [policy, '--all-tasks', '--pid', String(priority), String(process.pid)]);
  await setPolicy('--other', 0);
  try {
    return await work();
  } finally {
    await setPolicy('--rr', 1);
  }
}
