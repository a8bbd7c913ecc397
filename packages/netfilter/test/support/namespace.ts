import { execFile } from 'node:child_process';
import { type Netns, openNetns } from '@routed/netns';
import { type CommandResult, runCommandIn } from '../../src/index.ts';

/** A network namespace of its own, which programs can be run in. */
export interface ProgramNamespace {
  readonly netns: Netns;
  readonly pid: number;
  /** Runs a program inside; undefined when it is not installed. */
  run(
    argv: readonly [string, ...string[]],
    input?: string,
    onStart?: (pid: number) => void,
  ): Promise<CommandResult | undefined>;
  /** Runs a shell command inside and returns its output. @throws Error when it fails */
  sh(command: string): Promise<string>;
  close(): Promise<void>;
}

/** A sleeping process keeps the namespace. */
export async function openProgramNamespace(): Promise<ProgramNamespace> {
  const child = execFile('unshare', ['--net', 'sh', '-c', 'ip link set lo up; echo ready; exec sleep 600']);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`unshare exited with ${String(code)}: run these tests as root`)));
  });
  const pid = child.pid ?? 0;
  const netns = await openNetns({ pid });
  const run = runCommandIn(`/proc/${pid}/ns/net`);
  return {
    netns,
    pid,
    run,
    async sh(command) {
      const result = await run(['sh', '-c', command]);
      if (result?.exitCode === 0) return result.stdout;
      throw new Error(`"${command}" failed: ${result?.stderr ?? 'not installed'}`);
    },
    async close() {
      await netns.close();
      child.kill();
    },
  };
}
