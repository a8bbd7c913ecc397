import { execFileSync } from 'node:child_process';

import type { NetnsWithFd } from '../../src/rtnl/netns-fd.ts';
import type { Netns } from '../../src/types/netns.ts';

/** What a program prints that runs in `netns`. */
export function run(netns: Netns, program: string, ...args: readonly string[]): Promise<string> {
  return (netns as NetnsWithFd).lendFd((fd) => {
    const enter = [`--net=/proc/${process.pid}/fd/${fd}`, '--', program, ...args];
    return Promise.resolve(execFileSync('nsenter', enter, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
  });
}

/** What a program of iproute2 says in JSON, with all its details. */
export async function ask(netns: Netns, command: string): Promise<Record<string, unknown>[]> {
  const [program = 'ip', ...args] = command.split(' ');
  return JSON.parse(await run(netns, program, '-details', '-json', ...args)) as Record<string, unknown>[];
}
