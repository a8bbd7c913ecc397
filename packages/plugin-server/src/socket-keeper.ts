import { lstat } from 'node:fs/promises';
import type { Logger } from './logger.ts';

/** How often it is looked whether a socket's file is there. Docker repeats a call that finds nobody for some seconds. */
const INTERVAL_MS = 1000;

/** What keeps a socket reachable at its path. */
export interface SocketKeeperDeps {
  readonly path: string;
  /** Listens at the path again; undefined: a service manager holds the socket, and nobody else can. */
  readonly listenAgain: (() => Promise<void>) | undefined;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * Sees to it that the file of a socket that is served stays where its clients look for it. Whoever cleans up `/run`
 * takes it away without a sign to the process that listens.
 */
export class SocketKeeper {
  readonly #deps: SocketKeeperDeps;
  #timer: NodeJS.Timeout | undefined;
  #served: string | undefined;
  #problem: string | undefined;
  #checking: Promise<void>;
  #isStopped = false;

  constructor(deps: SocketKeeperDeps) {
    this.#deps = deps;
    this.#checking = identify(deps.path).then((found) => {
      this.#served = found;
      this.#wait();
    });
  }

  /** Why nobody reaches the socket; undefined: it is where it should be. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Returns when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#checking;
  }

  #wait(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#checking = this.#check().then(() => this.#wait());
    }, INTERVAL_MS).unref();
  }

  async #check(): Promise<void> {
    const { path, listenAgain, logger } = this.#deps;
    const found = await identify(path);
    if (this.#isStopped) return;
    if (found === this.#served && found !== undefined) {
      this.#problem = undefined;
      return;
    }
    const fault = `socket ${path} ${found === undefined ? 'was removed' : 'was replaced'}`;
    if (listenAgain === undefined) {
      this.#report(`${fault}, and systemd holds it: restart its .socket unit and routed.service`);
      return;
    }
    try {
      await listenAgain();
      this.#served = await identify(path);
      this.#problem = undefined;
      logger.warn({ path }, `${fault}: recreating it`);
    } catch (error) {
      this.#report(`${fault}, and cannot be recreated: ${(error as Error).message}`);
    }
  }

  #report(problem: string): void {
    if (problem !== this.#problem) this.#deps.logger.warn({ path: this.#deps.path }, problem);
    this.#problem = problem;
  }
}

/** Tells files at a path apart; undefined: there is none. */
async function identify(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined);
  return found && `${found.dev}:${found.ino}`;
}
