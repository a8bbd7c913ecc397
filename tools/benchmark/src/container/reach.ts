import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Host } from '@routed/lab';

const program = join(import.meta.dirname, 'reach.mjs');
const port = 80;

/** Tries, from a host, to connect to addresses that are not there yet. */
export class Reach implements Disposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor({ keeperPid }: Host) {
    const argv = ['--target', String(keeperPid), '--net', '--', process.execPath, program];
    this.#child = spawn('nsenter', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Starts to try; what it returns tells when port 80 answered, in nanoseconds of `process.hrtime`. */
  async try(address: string): Promise<() => Promise<bigint>> {
    this.#child.stdin.write(`${address} ${port}\n`);
    await this.#line();
    return async () => BigInt(await this.#line());
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }

  async #line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done === true) throw new Error(`${program} has ended`);
    return next.value;
  }
}
