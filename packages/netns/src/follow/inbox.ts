import type { NetlinkMessage } from '../codec/reader.ts';
import { NetlinkError } from '../errors.ts';
import type { NetlinkMonitor } from '../netlink/contract.ts';

/** A loop that is slower than this many events behind reads everything anew: memory has an end. */
const MOST_WAITING = 100_000;

/** What came since the last look. */
export interface Delivery {
  readonly messages: readonly NetlinkMessage[];
  /** Some were lost before these. */
  readonly isIncomplete: boolean;
}

/** Keeps the messages of a monitor until somebody looks. */
export class Inbox {
  readonly #signal: AbortSignal | undefined;
  readonly #operation: string;
  #messages: NetlinkMessage[] = [];
  #isIncomplete = false;
  #failure: NetlinkError | undefined;
  #wake: (() => void) | undefined;

  constructor(monitor: NetlinkMonitor, operation: string, signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#operation = operation;
    monitor.on('message', (message) => this.#keep(message));
    monitor.on('overrun', () => this.#lose());
    monitor.on('error', (error) => {
      this.#failure = error;
      this.#wake?.();
    });
  }

  /** Waits until there is something. @throws {@link NetlinkError} `ABORTED`, or why the monitor failed */
  async take(): Promise<Delivery> {
    this.check();
    if (this.#messages.length === 0 && !this.#isIncomplete && this.#failure === undefined) await this.#wait();
    this.check();
    const delivery = { messages: this.#messages, isIncomplete: this.#isIncomplete };
    this.#messages = [];
    this.#isIncomplete = false;
    return delivery;
  }

  /** @throws {@link NetlinkError} as {@link take} */
  check(): void {
    if (this.#signal?.aborted === true) {
      const cause: unknown = this.#signal.reason;
      throw new NetlinkError({
        code: 'ABORTED',
        errno: 0,
        operation: this.#operation,
        subject: '',
        reason: 'the caller aborted it',
        cause,
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#signal?.addEventListener('abort', this.#onAbort);
    });
    this.#wake = undefined;
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#wake?.();

  #keep(message: NetlinkMessage): void {
    if (this.#messages.length < MOST_WAITING) this.#messages.push(message);
    else this.#lose();
    this.#wake?.();
  }

  /** What was kept is older than the list that follows. */
  #lose(): void {
    this.#messages = [];
    this.#isIncomplete = true;
    this.#wake?.();
  }
}
