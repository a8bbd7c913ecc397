import { NetlinkError } from '../errors.ts';
import type { Limits } from '../types/rtnl.ts';
import type { Purpose } from './channel.ts';

/** The end of one request's patience. */
export class Limit {
  readonly #purpose: Pick<Purpose, 'operation' | 'subject'>;
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #reject: ((error: NetlinkError) => void) | undefined;
  #error: NetlinkError | undefined;

  constructor({ signal, timeoutMs }: Limits, { operation, subject }: Pick<Purpose, 'operation' | 'subject'>) {
    this.#purpose = { operation, subject };
    this.#signal = signal;
    this.#timeoutMs = timeoutMs;
    if (signal?.aborted === true) this.#onAbort();
    signal?.addEventListener('abort', this.#onAbort);
    this.#timer = timeoutMs === undefined ? undefined : setTimeout(this.#onTimeout, timeoutMs);
  }

  get isReached(): boolean {
    return this.#error !== undefined;
  }

  /** @throws {@link NetlinkError} `ABORTED` or `ETIMEDOUT` when it is too late */
  check(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  /** What `done` comes to, unless it is too late before; one at a time. */
  race<T>(done: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.#error !== undefined) reject(this.#error);
      done.then(resolve, reject);
    });
  }

  lift(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#end({ code: 'ABORTED', errno: 0, reason: 'the caller aborted it', cause: this.#signal?.reason as unknown });
  };

  readonly #onTimeout = (): void => {
    this.#end({ code: 'ETIMEDOUT', errno: 110, reason: `not done within ${this.#timeoutMs} ms` });
  };

  #end(init: {
    readonly code: string;
    readonly errno: number;
    readonly reason: string;
    readonly cause?: unknown;
  }): void {
    this.#error ??= new NetlinkError({ ...init, ...this.#purpose });
    this.#reject?.(this.#error);
  }
}

/** @throws {@link NetlinkError} `ABORTED` */
export function checkNotAborted(
  signal: AbortSignal | undefined,
  purpose: Pick<Purpose, 'operation' | 'subject'>,
): void {
  if (signal?.aborted !== true) return;
  const limit = new Limit({ signal }, purpose);
  limit.lift();
  limit.check();
}

/** Waits for `task` no longer than it may. What `task` has begun goes on to its end. */
export async function withinLimits<T>(
  limits: Limits,
  purpose: Pick<Purpose, 'operation' | 'subject'>,
  task: (limit: Limit) => Promise<T>,
): Promise<T> {
  const limit = new Limit(limits, purpose);
  try {
    limit.check();
    return await limit.race(task(limit));
  } finally {
    limit.lift();
  }
}
