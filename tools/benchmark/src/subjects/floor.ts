import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { promisify } from 'node:util';
import { sum, type Timings } from '../plugin/docker-calls.ts';
import type { Subject } from './subject.ts';

const run = promisify(execFile);
/** In the order in which the program takes and reports them. */
const steps = ['create pair', 'set up', 'add route', 'add neighbour', 'delete route', 'schedule delete'] as const;
const sources = join(import.meta.dirname, '../../floor');

/** What the program is called in tables. */
export const floorName = 'C floor';

/** The C program that asks the kernel for the same as the plugin does, and measures itself. */
export class Floor implements Subject {
  readonly name = floorName;
  readonly #program: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #directory: string;

  private constructor(program: ChildProcess, lines: Interface, directory: string) {
    this.#program = program;
    this.#lines = lines[Symbol.asyncIterator]();
    this.#directory = directory;
  }

  /** Compiles the program and starts it in a network namespace. */
  static async open(netnsPath: string): Promise<Floor> {
    const directory = await mkdtemp(join(tmpdir(), 'routed-floor-'));
    const binary = join(directory, 'floor');
    const files = (await readdir(sources)).filter((name) => name.endsWith('.c')).map((name) => join(sources, name));
    await run('gcc', ['-O2', '-pthread', '-D_GNU_SOURCE', '-o', binary, ...files]);
    const program = spawn('nsenter', [`--net=${netnsPath}`, '--', binary], { stdio: ['pipe', 'pipe', 'inherit'] });
    return new Floor(program, createInterface({ input: program.stdout }), directory);
  }

  async cycle(): Promise<Timings> {
    const durationsUs = (await this.#ask('cycle')).split(' ').map((ns) => Number(ns) / 1000);
    const timings = Object.fromEntries(steps.map((step, index) => [step, durationsUs[index]!]));
    return {
      ...timings,
      up: sum(timings, 'create pair', 'set up', 'add route', 'add neighbour'),
      down: sum(timings, 'delete route', 'schedule delete'),
      'all messages': sum(timings, ...steps),
    };
  }

  async settle(): Promise<Timings> {
    await this.#ask('settle');
    return {};
  }

  /** As many cycles as that, spread over threads; returns the seconds they took. */
  async burst(threads: number, cycles: number): Promise<number> {
    return Number(await this.#ask(`burst ${threads} ${cycles}`)) / 1e9;
  }

  /** That many endpoints come and stay; returns the seconds they took. */
  async raise(threads: number, count: number): Promise<number> {
    return Number(await this.#ask(`up ${threads} ${count}`)) / 1e9;
  }

  /** As many of those that stayed go; returns the seconds until their links are waiting for deletion. */
  async lower(threads: number, count: number): Promise<number> {
    return Number(await this.#ask(`down ${threads} ${count}`)) / 1e9;
  }

  /** Answers Docker's calls from now on, and does the same work for them; returns the path of the socket. */
  async serve(): Promise<string> {
    const path = join(this.#directory, 'server.sock');
    await this.#ask(`serve ${path}`);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#program.stdin?.end();
    await rm(this.#directory, { recursive: true });
  }

  async #ask(question: string): Promise<string> {
    this.#program.stdin?.write(`${question}\n`);
    const answer = await this.#lines.next();
    if (answer.done === true) throw new Error('the floor program ended; see its message above');
    return answer.value;
  }
}
