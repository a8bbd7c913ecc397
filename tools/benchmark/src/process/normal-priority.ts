import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Runs `work`, and what it starts, under the scheduler's normal policy, and this process under real-time priority again
 * afterwards, as `tools/bench` begins.
 *
 * A kernel that schedules real-time work by cgroups (RT_GROUP_SCHED) lets no real-time process into the cgroup of a
 * container. And busy daemons that hand work to each other do not do well with real-time priority: none of them
 * interrupts another, and on two cores 5,000 routes took 5 s instead of 0.5 s, and BFD lost sessions.
 */
export async function atNormalPriority<T>(work: () => Promise<T>): Promise<T> {
  await setPolicy('--other', 0);
  try {
    return await work();
  } finally {
    await setPolicy('--rr', 1);
  }
}

async function setPolicy(policy: '--other' | '--rr', priority: number): Promise<void> {
  await run('chrt', ['--all-tasks', policy, '--pid', String(priority), String(process.pid)]);
}
