import type { HostAddresses, Logger } from '@routed/datapath';
import type { CompetingRoute, RouterView } from '@routed/quagga/show';
import type { DriverEvents } from '../ground/events.ts';
import { GracePeriod } from '../ground/grace-period.ts';
import type { Journal } from '../ground/journal.ts';
import type { Claim, Claims } from './claims.ts';
import type { ConflictCounters } from '../leases/conflict-counters.ts';
import { type Conflict, describeConflict, holdersOf, judge } from './conflict.ts';
import type { SuppressedRoutes } from './suppressed-routes.ts';
import type { Takeovers } from './takeovers.ts';

/** A yielded address is not missed before the other host's route can be here. */
const SETTLE_MS = 1_000;

interface ConflictsDeps {
  readonly claims: Pick<Claims, 'all' | 'of'>;
  readonly view: Pick<RouterView, 'competingRoutes'>;
  readonly host: Pick<HostAddresses, 'holderOf'>;
  readonly suppressed: Pick<SuppressedRoutes, 'adopt' | 'forget' | 'suppress' | 'takeBack'>;
  readonly takeovers: Pick<Takeovers, 'isUnderWay' | 'noteAlone' | 'pending' | 'end'>;
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

  /** Those that there are, the oldest first; without what is handed over. */
  all(): readonly Conflict[] {
    return [...this.#conflicts.values()].filter(({ isHandover }) => !isHandover);
  }

  /** The state of an address that another host announces as well; undefined for others. */
  of(address: string): Conflict | undefined {
    return this.#conflicts.get(address);
  }

  /**
   * Takes up what the previous run of the daemon yielded: the other host's route is there, and ours is not. Never rejects: what could
   * not be looked at is found anew.
   */
  async adopt(): Promise<void> {
    try {
      await this.#adopt();
    } catch (error) {
      this.#deps.logger.error({ err: error }, 'addresses that were yielded to other hosts could not be looked for');
    }
  }

  async #adopt(): Promise<void> {
    const mayHaveYielded = ({ policy, wasHandedOver }: Claim): boolean => policy !== 'keep' || wasHandedOver;
    const claims = this.#deps.claims.all().filter(mayHaveYielded);
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

  /**
   * Looks at those that are known, and at what is being taken over: nothing else tells that the other host goes on. Forgets those
   * whose container has gone.
   */
  async review(): Promise<void> {
    for (const address of this.#deps.takeovers.pending()) {
      const claim = this.#deps.claims.of(address);
      if (claim !== undefined && !this.#conflicts.has(address)) await this.check(claim);
    }
    for (const conflict of [...this.#conflicts.values()]) {
      const claim = this.#deps.claims.of(conflict.address);
      if (claim?.endpointId === conflict.endpointId) await this.check(claim);
      else await this.#end(conflict, 'its container has gone', false);
    }
  }

  /** A container has lost the address: what it withheld is nobody's any more. */
  async forgetGone(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) {
      const known = this.#conflicts.get(address);
      if (known !== undefined && this.#deps.claims.of(address)?.endpointId !== known.endpointId) {
        await this.#end(known, 'its container has gone', false);
      }
    }
  }

  async #checkAnnounced(claim: Claim, rivals: readonly CompetingRoute[]): Promise<void> {
    const { address } = claim;
    // The container may have gone while the router was asked.
    if (this.#deps.claims.of(address)?.endpointId !== claim.endpointId) return;
    const known = this.#conflicts.get(address);
    if (rivals.length === 0) {
      this.#deps.takeovers.noteAlone(address);
      if (known !== undefined) await this.#end(known, 'the other host no longer announces it', true);
      return;
    }
    // It is to stop, and has the time to.
    if (this.#deps.takeovers.isUnderWay(address)) return;
    const { isToYield, afterMs, reason } = judge(claim, rivals);
    const state = isToYield ? 'yielding' : 'kept';
    if (known?.state !== state) this.#tell(claim, rivals, state, reason);
    const found = this.#conflicts.get(address);
    if (isToYield && found !== undefined && this.#inState.isOver(address, afterMs)) await this.#yield(claim, found);
  }

  async #yield(claim: Claim, conflict: Conflict): Promise<void> {
    if (!(await this.#deps.suppressed.suppress(claim))) return;
    this.#set({ ...conflict, state: 'yielded' });
    if (!conflict.isHandover) this.#deps.counts.yielded++;
    const what = conflict.isHandover ? 'handed over' : 'yielded';
    this.#note('withdrawn', claim, `${what} to another host: ${conflict.reason}`);
    // What another host began is its own to go on with.
    await this.#deps.takeovers.end([claim.address]);
    this.#deps.events.emit('withdraw', [claim.address]);
  }

  async #checkYielded(claim: Claim, conflict: Conflict): Promise<void> {
    if (!this.#inState.isOver(claim.address, SETTLE_MS)) return;
    if (await this.#isElsewhere(claim.address)) return;
    if (!(await this.#deps.suppressed.takeBack(claim))) return;
    if (!conflict.isHandover) this.#deps.counts.resumed++;
    await this.#end(conflict, 'the other host no longer announces it; this host announces it again', true);
    this.#note('announced', claim, 'announced again: the other host no longer announces it');
    this.#deps.events.emit('announce', [claim.address]);
  }

  async #isElsewhere(address: string): Promise<boolean> {
    return (await this.#deps.host.holderOf(address))?.isElsewhere === true;
  }

  #tell(claim: Claim, rivals: readonly CompetingRoute[], state: Conflict['state'], reason: string): void {
    const { address, endpointId, policy } = claim;
    const since = this.#conflicts.get(address)?.since;
    const isHandover = state !== 'kept' && policy === 'handover';
    if (since === undefined && !isHandover) this.#deps.counts.conflictsFound++;
    const holders = holdersOf(rivals);
    const common = { address, endpointId, since: since ?? new Date().toISOString() };
    const conflict = { ...common, state, holders, reason, isHandover };
    this.#set(conflict);
    const text = describeConflict(conflict);
    this.#deps.logger[isHandover ? 'info' : 'warn']({ ...conflict }, text);
    if (!isHandover) this.#note('conflict', claim, text);
  }

  #set(conflict: Conflict): void {
    this.#conflicts.set(conflict.address, conflict);
    this.#inState.restart(conflict.address);
  }

  async #end({ address, endpointId, isHandover }: Conflict, reason: string, isClaimed: boolean): Promise<void> {
    this.#conflicts.delete(address);
    this.#inState.forget(address);
    if (!isClaimed) await this.#deps.suppressed.forget(address);
    if (isHandover) return;
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
