import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';

/** What the daemon did between {@link startProbe} and {@link stopProbe}. */
export interface ProbeReport {
  /** How late timers of 1 ms fired. */
  readonly delayMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** The socket of the probe, as seen inside the host. */
export const probeSocket = '/run/routed-bench.sock';

/** Environment in which the daemon listens to the probe. */
export function probeEnvironment(): Readonly<Record<string, string>> {
  const preload = fileURLToPath(new URL('preload.mjs', import.meta.url));
  return { NODE_OPTIONS: `--import=${preload}`, ROUTED_BENCH_PROBE: probeSocket };
}

/** Starts watching the event loop. */
export async function startProbe(path: string): Promise<void> {
  await ask(path, 'start');
}

export async function stopProbe(path: string): Promise<ProbeReport> {
  return JSON.parse(await ask(path, 'stop')) as ProbeReport;
}

/** Bytes in use after a garbage collection. Source: Node's process.memoryUsage. */
export async function readMemory(path: string): Promise<NodeJS.MemoryUsage> {
  return JSON.parse(await ask(path, 'memory')) as NodeJS.MemoryUsage;
}

async function ask(path: string, question: string): Promise<string> {
  const socket = connect({ path, allowHalfOpen: true });
  socket.write(`${question}\n`);
  return text(socket);
}
