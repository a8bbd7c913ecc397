import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const PRELOAD = new URL('preload/index.mjs', import.meta.url).href;

/** Where a daemon is to die: at the step of this number since it was told, the first being 1. */
export interface DeathPoint {
  readonly step: number;
  readonly phase: 'before' | 'after';
}

/** What a daemon is started with. */
export interface DaemonPlace {
  /** Its code: `dist/main.js`, or a bundle of it. */
  readonly main: string;
  /** A process in the network namespace that it is to be in. */
  readonly netnsPid: number;
  /** For its sockets, state and log. */
  readonly directory: string;
}

/** What the preloaded module answers, see `preload/index.mjs`. */
interface Answers {
  readonly arm: undefined;
  readonly steps: readonly string[];
  readonly advance: undefined;
  readonly records: Readonly<Record<string, unknown>>;
}

/** A real daemon, which dies where a test wants it to. */
export class DaemonProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  readonly ended: Promise<void>;
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = once(child, 'exit').then(() => undefined);
    child.on('message', ({ id, answer }: { readonly id: number; readonly answer: unknown }) => {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
    // Whoever asks a daemon that dies hears of it by `ended`.
    child.on('error', () => undefined);
  }

  /** Starts it in the network namespace of a process, with all its files in one directory. */
  static async start({ main, netnsPid, directory }: DaemonPlace): Promise<DaemonProcess> {
    const log = await open(join(directory, 'log'), 'a');
    const flags = {
      'plugin-dir': directory,
      'state-dir': join(directory, 'state'),
      'admin-socket': join(directory, 'admin.sock'),
      'docker-socket': join(directory, 'no-docker.sock'),
      'log-level': 'debug',
    };
    const argv = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    const node = [process.execPath, `--import=${PRELOAD}`, main, 'serve', ...argv];
    const child = spawn('nsenter', ['--net', '--target', String(netnsPid), ...node], {
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    });
    await log.close();
    return new DaemonProcess(child);
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Has it die at a step from now on; without one, counts the steps. */
  async arm(point?: DeathPoint): Promise<void> {
    await this.#ask('arm', point);
  }

  /** The steps since {@link arm}. */
  async steps(): Promise<readonly string[]> {
    return await this.#ask('steps');
  }

  /** Makes it so much later for the daemon. */
  async advance(ms: number): Promise<void> {
    await this.#ask('advance', { ms });
  }

  /** Everything in its store. */
  async records(): Promise<Readonly<Record<string, unknown>>> {
    return await this.#ask('records');
  }

  async stop(): Promise<void> {
    if (!this.isAlive) return;
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  async #ask<A extends keyof Answers>(ask: A, request: object = {}): Promise<Answers[A]> {
    const id = ++this.#asked;
    const answered = new Promise<Answers[A]>((resolve) => this.#waiting.set(id, resolve as (answer: unknown) => void));
    const died = this.ended.then(() => Promise.reject(new Error(`the daemon died before it answered "${ask}"`)));
    this.#child.send({ ...request, id, ask }, () => undefined);
    return await Promise.race([answered, died]);
  }
}
