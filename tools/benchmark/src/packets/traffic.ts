import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Program } from '../netlink/program.ts';

const run = promisify(execFile);
const sources = join(import.meta.dirname, '../../traffic');
/** What is on its way still arrives within it. */
const restMs = 20;

/** The C program of both ends, compiled. */
export class Traffic implements AsyncDisposable {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async compile(): Promise<Traffic> {
    const directory = await mkdtemp(join(tmpdir(), 'routed-traffic-'));
    const files = (await readdir(sources)).filter((name) => name.endsWith('.c')).map((name) => join(sources, name));
    await run('gcc', ['-O2', '-pthread', '-o', join(directory, 'traffic'), ...files]);
    return new Traffic(directory);
  }

  /** Each end has a processor of its own, if there are two. */
  start(netnsPath: string, end: 'serve' | 'measure'): Program {
    const cpu = end === 'measure' ? 0 : cpus().length - 1;
    const binary = join(this.#directory, 'traffic');
    return Program.start(['nsenter', `--net=${netnsPath}`, '--', 'taskset', '--cpu-list', String(cpu), binary, end]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }
}

/** Two ends, and what to call the one by the other. */
export interface Path {
  readonly client: Program;
  readonly server: Program;
  readonly address: string;
}

/** TCP for so long: Gbit/s, and processor time of both ends, the kernel's work for them included. */
export async function carryStreams(
  path: Path,
  connections: number,
  ms: number,
): Promise<Record<'gbps' | 'cpuMs', number>> {
  const before = await cpuNs(path);
  const [bytes = 0, ns = 0] = await numbers(path.client, `stream ${path.address} ${ms} ${connections}`);
  const gigabits = (bytes * 8) / 1e9;
  return { gbps: gigabits / (ns / 1e9), cpuMs: ((await cpuNs(path)) - before) / 1e6 / gigabits };
}

/** Connections a second, one after another: connected, greeted with a byte, ended. */
export async function greet(path: Path, ms: number): Promise<number> {
  const [count = 0, ns = 0] = await numbers(path.client, `greet ${path.address} ${ms}`);
  return count / (ns / 1e9);
}

/** Microseconds until one byte comes back. */
export async function ask(path: Path, protocol: 'tcp' | 'udp', ms: number): Promise<Record<'p50' | 'p99', number>> {
  const [, p50 = 0, p99 = 0] = await numbers(path.client, `${protocol} ${path.address} ${ms}`);
  return { p50: p50 / 1000, p99: p99 / 1000 };
}

/** Thousands of datagrams of 64 bytes a second, as fast as one program sends them; the first is answered, or none is. */
export async function flood(
  path: Path,
  isAnswered: boolean,
  ms: number,
): Promise<Record<'sent' | 'received' | 'lostPercent', number>> {
  const [, before = 0] = await numbers(path.server, 'seen');
  const [sent = 0, ns = 0] = await numbers(path.client, `flood ${path.address} ${ms} ${isAnswered ? 1 : 0}`);
  await sleep(restMs);
  const [, after = 0] = await numbers(path.server, 'seen');
  const perMs = (count: number): number => count / (ns / 1e6);
  const received = after - before;
  return { sent: perMs(sent), received: perMs(received), lostPercent: (1 - received / sent) * 100 };
}

async function cpuNs({ client, server }: Path): Promise<number> {
  const [[one = 0], [other = 0]] = [await numbers(client, 'cpu'), await numbers(server, 'cpu')];
  return one + other;
}

async function numbers(program: Program, question: string): Promise<number[]> {
  return (await program.ask(question)).split(' ').map(Number);
}
