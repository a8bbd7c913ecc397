import { DockerError, type EngineEvent, type EngineNotice, type EventOptions } from '@routed/docker-engine';
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import { sleep } from './virtual-time.ts';

/** How late an event may come, in milliseconds. */
const LATE_MS = 10;
/** How long it takes until who follows is connected to an engine again, in milliseconds. */
const RECONNECT_MS = 2_000;

/** Whoever follows the events of an engine. */
interface Follower {
  readonly life: Life;
  readonly options: EventOptions;
  readonly waiting: EngineNotice[];
  isConnected: boolean;
  wake: () => void;
}

/** The events of a Docker engine, across its restarts. */
export class EventStream {
  readonly #random: Random;
  readonly #followers = new Set<Follower>();
  #isUp = false;
  #atMs = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The engine runs from now on, or no longer. */
  setUp(isUp: boolean): void {
    this.#isUp = isUp;
    for (const follower of this.#followers) {
      if (!isUp) this.#disconnect(follower);
      else void this.#connect(follower, 'gap');
    }
  }

  emit(event: Omit<EngineEvent, 'timeNano'>): void {
    if (!this.#isUp) return;
    const notice = { kind: 'event', event: { ...event, timeNano: BigInt(Date.now()) * 1_000_000n } } as const;
    // In order: one connection carries them all.
    this.#atMs = Math.max(this.#atMs, performance.now() + this.#random.between(0, LATE_MS));
    setTimeout(() => {
      for (const follower of this.#followers) {
        if (follower.isConnected && isWanted(event, follower.options)) push(follower, notice);
      }
    }, this.#atMs - performance.now());
  }

  async *follow(life: Life, options: EventOptions = {}): AsyncGenerator<EngineNotice, void, undefined> {
    const follower: Follower = { life, options, waiting: [], isConnected: false, wake: () => undefined };
    const { signal } = options;
    signal?.addEventListener('abort', () => follower.wake());
    this.#followers.add(follower);
    if (this.#isUp) void this.#connect(follower, 'first');
    else this.#disconnect(follower);
    try {
      while (signal?.aborted !== true) {
        const notice = follower.waiting.shift();
        if (notice === undefined) await new Promise<void>((resolve) => (follower.wake = resolve));
        else yield await life.pass('event', () => notice, false);
      }
    } finally {
      this.#followers.delete(follower);
    }
  }

  async #connect(follower: Follower, reason: 'first' | 'gap'): Promise<void> {
    await sleep(this.#random.between(0, reason === 'first' ? LATE_MS : RECONNECT_MS));
    if (follower.life.isDead) this.#followers.delete(follower);
    if (!this.#isUp || follower.isConnected) return;
    follower.isConnected = true;
    push(follower, { kind: 'resync', reason });
  }

  #disconnect(follower: Follower): void {
    follower.isConnected = false;
    push(follower, { kind: 'disconnected', error: new DockerError('DOCKER_UNREACHABLE', 'Docker does not answer') });
  }
}

function push(follower: Follower, notice: EngineNotice): void {
  follower.waiting.push(notice);
  follower.wake();
}

function isWanted({ type, action }: Pick<EngineEvent, 'type' | 'action'>, { filters = {} }: EventOptions): boolean {
  const { type: types, event: actions } = filters;
  return types?.includes(type) !== false && actions?.includes(action) !== false;
}
