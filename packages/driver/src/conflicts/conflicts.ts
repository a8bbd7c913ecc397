import type { HostAddresses, Logger } from '@routed/datapath';
import type { CompetingRoute, RouterView } from '@routed/quagga/show';
import type { DriverEvents } from '../ground/events.ts';
import { GracePeriod } from '../ground/grace-period.ts';
import type { Journal } from '../ground/journal.ts';
import type { Claim, Claims } from './claims.ts';
import type { ConflictCounters } from '../leases/conflict-counters.ts';
import { type Conflict, describeConflict, holdersOf, judge } from './conflict.ts';
import type { SuppressedRoutes } from './suppressed-routes.ts';

/** A route stays for so long after a conflict was found: else the other host might never notice it. */
const NOTICE_MS = 1_500;
/** A yielded address is not missed before the other host's route can be here. */
const SETTLE_MS = 1_000;

interface ConflictsDeps {
  readonly claims: Pick<Claims, 'all' | 'of'>;
  readonly view: Pick<RouterView, 'competingRoutes'>;
  readonly host: Pick<HostAddresses, 'holderOf'>;
  readonly suppressed: Pick<SuppressedRoutes, 'adopt' | 'forget' | 'suppress' | 'takeBack'>;
  readonly counts: ConflictCounters;
  readonly events: DriverEvents;
  readonly journal: Pick<Journal, 'record'>;
  readonly logger: Logger;
}

/** The addresses that another host announces as well: found, told, settled, and over. */
export class Conflicts {
  readonly #deps: ConflictsDeps;
  /** By address. */
  readonly #conflicts = new Map<string, Conflict>();
  /** Since when each is in its state. */
  readonly #inState = new GracePeriod();

  constructor(deps: ConflictsDeps) {
    this.#deps = deps;
  }

  /** Those that there are, the oldest first. */
  all(): readonly Conflict[] {
    return [...this.#conflicts.values()];
  }

  /** Takes up what the previous run of the daemon yielded: the other host's route is there, and ours is not. */
  async adopt(): Promise<void> {
    const claims = this.#deps.claims.all().filter(({ policy }) => policy === 'yield');
    const areElsewhere = await Promise.all(claims.map(({ address }) => this.#isElsewhere(address)));
    for (const claim of claims.filter((_, index) => areElsewhere[index])) {
      this.#deps.suppressed.adopt(claim);
      const rivals = await this.#deps.view.competingRoutes(claim.address);
      this.#tell(claim, rivals, 'yielded', 'it existed before the daemon restarted');
    }
  }

  /** Looks whether an address is still, or again, this host's alone. */
  async check(claim: Claim): Promise<void> {
    const known = this.#conflicts.get(claim.address);
    if (known?.state === 'yielded') await this.#checkYielded(claim, known);
    else await this.#checkAnnounced(claim, await this.#deps.view.competingRoutes(claim.address));
  }

  /** Looks at those that are known; forgets those whose container has gone. */
  async review(): Promise<void> {
    for (const conflict of this.all()) {
      const claim = this.#deps.claims.of(conflict.address);
      if (claim?.endpointId === conflict.endpointId) await this.check(claim);
      else this.#end(conflict, 'its container has gone', false);
    }
  }

  /** A container has lost the address: what it withheld is nobody's any more. */
  forgetGone(addresses: readonly string[]): void {
    for (const address of addresses) {
      const known = this.#conflicts.get(address);
      if (known !== undefined && this.#deps.claims.of(address)?.endpointId !== known.endpointId) {
        this.#end(known, 'its container has gone', false);
      }
    }
  }

  async #checkAnnounced(claim: Claim, rivals: readonly CompetingRoute[]): Promise<void> {
    const { address } = claim;
    // The container may have gone while the router was asked.
    if (this.#deps.claims.of(address)?.endpointId !== claim.endpointId) return;
    const known = this.#conflicts.get(address);
    if (rivals.length === 0) {
      if (known !== undefined) this.#end(known, 'the other host no longer announces it', true);
      return;
    }
    const { isToYield, reason } = judge(claim, rivals);
    const state = isToYield ? 'yielding' : 'kept';
    if (known?.state !== state) this.#tell(claim, rivals, state, reason);
    else if (isToYield && this.#inState.isOver(address, NOTICE_MS)) await this.#yield(claim, known);
  }

  async #yield(claim: Claim, conflict: Conflict): Promise<void> {
    if (!(await this.#deps.suppressed.suppress(claim))) return;
    this.#set({ ...conflict, state: 'yielded' });
    this.#deps.counts.yielded++;
    this.#note('withdrawn', claim, `yielded to another host: ${conflict.reason}`);
    this.#deps.events.emit('withdraw', [claim.address]);
  }

  async #checkYielded(claim: Claim, conflict: Conflict): Promise<void> {
    if (!this.#inState.isOver(claim.address, SETTLE_MS)) return;
    if (await this.#isElsewhere(claim.address)) return;
    if (!(await this.#deps.suppressed.takeBack(claim))) return;
    this.#deps.counts.resumed++;
    this.#end(conflict, 'the other host no longer announces it; this host announces it again', true);
    this.#note('announced', claim, 'announced again: the other host no longer announces it');
    this.#deps.events.emit('announce', [claim.address]);
  }

  async #isElsewhere(address: string): Promise<boolean> {
    return (await this.#deps.host.holderOf(address))?.isElsewhere === true;
  }

  #tell(claim: Claim, rivals: readonly CompetingRoute[], state: Conflict['state'], reason: string): void {
    const { address, endpointId } = claim;
    const since = this.#conflicts.get(address)?.since;
    if (since === undefined) this.#deps.counts.conflictsFound++;
    const holders = holdersOf(rivals);
    const conflict = { address, endpointId, since: since ?? new Date().toISOString(), state, holders, reason };
    this.#set(conflict);
    const text = describeConflict(conflict);
    this.#deps.logger.warn({ ...conflict }, text);
    this.#note('conflict', claim, text);
  }

  #set(conflict: Conflict): void {
    this.#conflicts.set(conflict.address, conflict);
    this.#inState.restart(conflict.address);
  }

  #end({ address, endpointId }: Conflict, reason: string, isClaimed: boolean): void {
    this.#conflicts.delete(address);
    this.#inState.forget(address);
    if (!isClaimed) this.#deps.suppressed.forget(address);
    this.#deps.counts.conflictsEnded++;
    this.#deps.logger.info({ address, endpointId }, `conflict over address ${address} ended: ${reason}`);
    this.#note('conflict', { address, endpointId }, `over: ${reason}`);
  }

  #note(
    kind: 'conflict' | 'withdrawn' | 'announced',
    { address, endpointId }: Pick<Claim, 'address' | 'endpointId'>,
    detail: string,
  ): void {
    this.#deps.journal.record({ kind, addresses: [address], endpointId, detail });
  }
}
