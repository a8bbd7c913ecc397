import type { HostAddresses, Logger } from '@routed/datapath';
import type { CompetingRoute, RouterView } from '@routed/quagga/show';
import type { Journal } from '../ground/journal.ts';
import type { Claim, Claims } from './claims.ts';
import type { ConflictCounters } from '../leases/conflict-counters.ts';
import { type Conflict, describeConflict, holdersOf, judge } from './conflict.ts';
import type { SuppressedRoutes } from './suppressed-routes.ts';

/** A route stays for so long after a conflict was found: else the other host might never notice it. */
const NOTICE_MS = 1_500;
/** A yielded address is not missed before the other host's route can be here. */
const SETTLE_MS = 1_000;

/** A conflict, and since when it is in its state, on the clock of `performance.now()`. */
interface Entry {
  readonly conflict: Conflict;
  readonly sinceMs: number;
}

/** The addresses that another host announces as well: found, told, settled, and over. */
export class Conflicts {
  readonly #claims: Pick<Claims, 'all' | 'of'>;
  readonly #view: Pick<RouterView, 'competingRoutes'>;
  readonly #host: Pick<HostAddresses, 'holderOf'>;
  readonly #suppressed: Pick<SuppressedRoutes, 'adopt' | 'forget' | 'suppress' | 'takeBack'>;
  readonly #counts: ConflictCounters;
  readonly #journal: Pick<Journal, 'record'>;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();

  constructor(deps: {
    readonly claims: Pick<Claims, 'all' | 'of'>;
    readonly view: Pick<RouterView, 'competingRoutes'>;
    readonly host: Pick<HostAddresses, 'holderOf'>;
    readonly suppressed: Pick<SuppressedRoutes, 'adopt' | 'forget' | 'suppress' | 'takeBack'>;
    readonly counts: ConflictCounters;
    readonly journal: Pick<Journal, 'record'>;
    readonly logger: Logger;
  }) {
    this.#claims = deps.claims;
    this.#view = deps.view;
    this.#host = deps.host;
    this.#suppressed = deps.suppressed;
    this.#counts = deps.counts;
    this.#journal = deps.journal;
    this.#logger = deps.logger;
  }

  /** Those that there are, the oldest first. */
  all(): readonly Conflict[] {
    return [...this.#entries.values()].map(({ conflict }) => conflict);
  }

  /** Takes up what the previous run of the daemon yielded: the other host's route is there, and ours is not. */
  async adopt(): Promise<void> {
    const claims = this.#claims.all().filter(({ policy }) => policy === 'yield');
    const areElsewhere = await Promise.all(claims.map(({ address }) => this.#isElsewhere(address)));
    for (const claim of claims.filter((_, index) => areElsewhere[index])) {
      this.#suppressed.adopt(claim);
      const rivals = await this.#view.competingRoutes(claim.address);
      this.#tell(claim, rivals, 'yielded', 'it existed before the daemon restarted');
    }
  }

  /** Looks whether an address is still, or again, this host's alone. */
  async check(claim: Claim): Promise<void> {
    const known = this.#entries.get(claim.address);
    if (known?.conflict.state === 'yielded') await this.#checkYielded(claim, known);
    else await this.#checkAnnounced(claim, await this.#view.competingRoutes(claim.address));
  }

  /** Looks at those that are known; forgets those whose container has gone. */
  async review(): Promise<void> {
    for (const { conflict } of [...this.#entries.values()]) {
      const claim = this.#claims.of(conflict.address);
      if (claim?.endpointId === conflict.endpointId) await this.check(claim);
      else this.#end(conflict, 'its container has gone', false);
    }
  }

  /** A container has lost the address: what it withheld is nobody's any more. */
  forgetGone(addresses: readonly string[]): void {
    for (const address of addresses) {
      const known = this.#entries.get(address);
      const endpointId = this.#claims.of(address)?.endpointId;
      if (known !== undefined && endpointId !== known.conflict.endpointId) {
        this.#end(known.conflict, 'its container has gone', false);
      }
    }
  }

  async #checkAnnounced(claim: Claim, rivals: readonly CompetingRoute[]): Promise<void> {
    const { address } = claim;
    // The container may have gone while the router was asked.
    if (this.#claims.of(address)?.endpointId !== claim.endpointId) return;
    const known = this.#entries.get(address);
    if (rivals.length === 0) {
      if (known !== undefined) this.#end(known.conflict, 'the other host no longer announces it', true);
      return;
    }
    const { isToYield, reason } = judge(claim, rivals);
    const state = isToYield ? 'yielding' : 'kept';
    if (known?.conflict.state !== state) this.#tell(claim, rivals, state, reason);
    else if (isToYield && performance.now() - known.sinceMs >= NOTICE_MS) await this.#yield(claim, known.conflict);
  }

  async #yield(claim: Claim, conflict: Conflict): Promise<void> {
    if (!(await this.#suppressed.suppress(claim))) return;
    this.#entries.set(claim.address, { conflict: { ...conflict, state: 'yielded' }, sinceMs: performance.now() });
    this.#counts.yielded++;
    this.#note('withdrawn', claim, `yielded to another host: ${conflict.reason}`);
  }

  async #checkYielded(claim: Claim, { conflict, sinceMs }: Entry): Promise<void> {
    if (performance.now() - sinceMs < SETTLE_MS) return;
    if (await this.#isElsewhere(claim.address)) return;
    if (!(await this.#suppressed.takeBack(claim))) return;
    this.#counts.resumed++;
    this.#end(conflict, 'the other host no longer announces it; this host announces it again', true);
    this.#note('announced', claim, 'announced again: the other host no longer announces it');
  }

  async #isElsewhere(address: string): Promise<boolean> {
    return (await this.#host.holderOf(address))?.isElsewhere === true;
  }

  #tell(claim: Claim, rivals: readonly CompetingRoute[], state: Conflict['state'], reason: string): void {
    const { address, endpointId } = claim;
    const since = this.#entries.get(address)?.conflict.since;
    if (since === undefined) this.#counts.conflictsFound++;
    const holders = holdersOf(rivals);
    const conflict = { address, endpointId, since: since ?? new Date().toISOString(), state, holders, reason };
    this.#entries.set(address, { conflict, sinceMs: performance.now() });
    const text = describeConflict(conflict);
    this.#logger.warn({ ...conflict }, text);
    this.#note('conflict', claim, text);
  }

  #end({ address, endpointId }: Conflict, reason: string, isClaimed: boolean): void {
    this.#entries.delete(address);
    if (!isClaimed) this.#suppressed.forget(address);
    this.#counts.conflictsEnded++;
    this.#logger.info({ address, endpointId }, `conflict over address ${address} ended: ${reason}`);
    this.#note('conflict', { address, endpointId }, `over: ${reason}`);
  }

  #note(
    kind: 'conflict' | 'withdrawn' | 'announced',
    { address, endpointId }: Pick<Claim, 'address' | 'endpointId'>,
    detail: string,
  ): void {
    this.#journal.record({ kind, addresses: [address], endpointId, detail });
  }
}
