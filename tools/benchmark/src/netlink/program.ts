import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

/** A program that answers each line with one line. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  static start([command = '', ...args]: readonly string[]): Program {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    return new Program(child, createInterface({ input: child.stdout }));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** @throws Error when the program ends instead; what it said is on standard error */
  async ask(question: string): Promise<string> {
    this.#child.stdin?.write(`${question}\n`);
    const answer = await this.#lines.next();
    if (answer.done === true) throw new Error(`the program ended at "${question}"; see its message above`);
    return answer.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await new Promise((resolve) => this.#child.once('exit', resolve));
  }
}
