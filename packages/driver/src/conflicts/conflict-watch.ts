import type { RouterView } from '@routed/quagga/show';
import type { DriverEvents } from '../ground/events.ts';
import type { KernelEvents } from '../ground/kernel-events.ts';
import type { Logger } from '@routed/datapath';
import type { Claim, Claims } from './claims.ts';
import type { Conflicts } from './conflicts.ts';
import type { Takeovers } from './takeovers.ts';

/** How often the router is asked whether anything has changed. */
const ROUND_MS = 1_000;
/** How long after an announcement of our own: another host's of the same moment has come by then. */
const AFTER_ANNOUNCEMENT_MS = 100;
/** How often every address is looked at although nothing has changed. */
const SWEEP_MS = 30_000;
/** The first of these looks may be too early where routes take long: with BGP, 100 ms and more. */
const LOOKS_AFTER_ANNOUNCEMENT = 3;
const BETWEEN_LOOKS_MS = 200;
/** On average no more addresses are looked at: a tenth of the time of one of the router's daemons. */
const ADDRESSES_PER_MS = 1;
/** Questions under way at once. */
const BATCH = 50;

/** Prefixes of this host beside the addresses of containers, which other hosts may announce as well. */
export interface SharedPrefixes {
  /** The families of those that there are. */
  families(): readonly (4 | 6)[];
  /** Asks the router who else announces them. */
  reviewRivals(): Promise<void>;
}

interface ConflictWatchDeps {
  readonly events: DriverEvents;
  readonly claims: Pick<Claims, 'all' | 'families' | 'of'>;
  readonly conflicts: Pick<Conflicts, 'check' | 'review' | 'forgetGone'>;
  readonly takeovers: Pick<Takeovers, 'sharedFamilies' | 'reviewShared'>;
  readonly view: Pick<RouterView, 'inactiveRoutes'>;
  readonly logger: Logger;
}

/**
 * Notices that another host announces an address of ours.
 *
 * No event tells it: while our route is there the kernel gets no other, and zebra tells nobody of a route that loses. So the
 * router is asked for a count of those, soon after each announcement of ours and each change in the kernel to a route
 * for one of our addresses, else once a second; addresses are looked at when it has changed.
 */
export class ConflictWatch {
  readonly #deps: ConflictWatchDeps;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #round: Promise<void> | undefined;
  #inactiveRoutes: string | undefined;
  #sweptAtMs = Number.NEGATIVE_INFINITY;
  #restsUntilMs = 0;
  #soon = 0;
  #prefixes: SharedPrefixes | undefined;

  constructor(deps: ConflictWatchDeps) {
    this.#deps = deps;
  }

  /** Begins to look. */
  start(kernel: KernelEvents<'route'>, prefixes?: SharedPrefixes): void {
    this.#prefixes = prefixes;
    const { events } = this.#deps;
    events.on('withdraw', (addresses) => void this.#forgetGone(addresses));
    events.on('announce', () => this.#lookSoon());
    events.on('repair', () => this.#lookSoon());
    kernel.on('route', ({ route }) => this.#onRoute(route.destination));
    this.#schedule(AFTER_ANNOUNCEMENT_MS);
  }

  /** Waits for the round that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #forgetGone(addresses: readonly string[]): Promise<void> {
    try {
      await this.#deps.conflicts.forgetGone(addresses);
    } catch (error) {
      this.#deps.logger.error({ err: error }, 'rules of an address that has gone could not be removed; retrying');
    }
  }

  #lookSoon(): void {
    this.#soon = LOOKS_AFTER_ANNOUNCEMENT;
    this.#schedule(AFTER_ANNOUNCEMENT_MS);
  }

  /** Of others' routes only those come here that our own does not beat: of addresses that we have yielded. */
  #onRoute(destination: string): void {
    const [address = '', length] = destination.split('/');
    if (length !== '32' && length !== '128') return;
    if (this.#deps.claims.of(address) !== undefined) this.#schedule(AFTER_ANNOUNCEMENT_MS);
  }

  /** Makes a round begin within so long. */
  #schedule(withinMs: number): void {
    const dueAtMs = performance.now() + withinMs;
    if (this.#isStopped || dueAtMs >= this.#dueAtMs) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => this.#begin(), withinMs).unref();
  }

  #begin(): void {
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    if (this.#round !== undefined) {
      this.#schedule(AFTER_ANNOUNCEMENT_MS);
      return;
    }
    this.#round = this.#look()
      .catch((error: unknown) => {
        this.#deps.logger.error({ err: error }, 'checking for conflicts failed; retrying');
      })
      .finally(() => {
        this.#round = undefined;
        this.#schedule(this.#soon > 0 ? BETWEEN_LOOKS_MS : ROUND_MS);
      });
  }

  async #look(): Promise<void> {
    this.#soon = Math.max(0, this.#soon - 1);
    const { claims, conflicts, takeovers, view } = this.#deps;
    await conflicts.review();
    const prefixFamilies = this.#prefixes?.families() ?? [];
    const families = [...new Set([...claims.families(), ...takeovers.sharedFamilies(), ...prefixFamilies])].sort();
    if (families.length === 0) return;
    const inactiveRoutes = await view.inactiveRoutes(families);
    if (inactiveRoutes === undefined) {
      // A router that is back may count as many as before, of other addresses.
      this.#inactiveRoutes = undefined;
      return;
    }
    const nowMs = performance.now();
    const isDue = inactiveRoutes !== this.#inactiveRoutes || nowMs - this.#sweptAtMs >= SWEEP_MS;
    if (!isDue || nowMs < this.#restsUntilMs) return;
    this.#inactiveRoutes = inactiveRoutes;
    this.#sweptAtMs = nowMs;
    const all = claims.all();
    await this.#sweep(all);
    await takeovers.reviewShared();
    await this.#prefixes?.reviewRivals();
    this.#restsUntilMs = performance.now() + all.length / ADDRESSES_PER_MS;
  }

  async #sweep(claims: readonly Claim[]): Promise<void> {
    for (let start = 0; start < claims.length && !this.#isStopped; start += BATCH) {
      await Promise.all(claims.slice(start, start + BATCH).map((claim) => this.#deps.conflicts.check(claim)));
    }
  }
}
