import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Running } from './shell.ts';

/** A program that reads what is typed, and shows what it has to say. */
export class Conversation implements Running {
  readonly #program: ChildProcess;
  #shown = '';

  constructor(program: ChildProcess) {
    this.#program = program;
    for (const stream of [program.stdout, program.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#shown += chunk.toString()));
  }

  get hasExited(): boolean {
    return this.#program.exitCode !== null || this.#program.signalCode !== null;
  }

  log(): Promise<string> {
    return Promise.resolve(this.#shown);
  }

  type(line: string): void {
    this.#program.stdin?.write(`${line}\n`);
  }

  /** As Ctrl-C. */
  async stop(): Promise<void> {
    if (this.hasExited || this.#program.pid === undefined) return;
    const ended = once(this.#program, 'exit');
    process.kill(-this.#program.pid, 'SIGINT');
    await ended;
  }
}
