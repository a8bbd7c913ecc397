import { execFile } from 'node:child_process';
import { setPriority } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { CheckResult } from '@routed/doctor';

const DEADLINE_MS = 60_000;
const MOST_BYTES = 16 * 1024 * 1024;
/** Nobody waits for it. */
const LOW_PRIORITY = 10;

const report = z.object({
  checks: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      findings: z.array(
        z.object({
          severity: z.enum(['broken', 'warning', 'note']),
          found: z.string(),
          why: z.string(),
          remedy: z.string(),
        }),
      ),
    }),
  ),
});

/** Where everything lies that is examined. */
export interface HostPlaces {
  readonly sockets: { readonly routed: string };
  readonly stateDirectory: string;
  readonly adminSocket: string;
  readonly dockerSocket: string;
}

/** What `routed-plugin doctor` finds: in a process of its own, which neither holds this one nor has its state. @throws Error */
export async function examineApart({
  sockets,
  stateDirectory,
  adminSocket,
  dockerSocket,
}: HostPlaces): Promise<CheckResult[]> {
  const program = process.argv[1];
  if (program === undefined) throw new Error('the program does not know where it lies');
  const places = ['--plugin-dir', dirname(sockets.routed), '--state-dir', stateDirectory];
  const others = ['--admin-socket', adminSocket, '--docker-socket', dockerSocket];
  const text = await run([program, 'doctor', '--json', ...places, ...others]);
  return report.parse(JSON.parse(text)).checks;
}

/** Its exit status says how the host is; whether it answered, its output does. */
function run(argv: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    // Nothing of what the service manager told this process is meant for that one.
    const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] };
    const settings = { env, timeout: DEADLINE_MS, maxBuffer: MOST_BYTES, encoding: 'utf8' } as const;
    const child = execFile(process.execPath, argv, settings, (error, stdout, stderr) => {
      if (stdout.startsWith('{')) resolve(stdout);
      else reject(new Error(stderr.trim() || error?.message || 'doctor says nothing'));
    });
    try {
      if (child.pid !== undefined) setPriority(child.pid, LOW_PRIORITY);
    } catch {
      // It has ended already, or may not be slowed down: it is examined all the same.
    }
  });
}
