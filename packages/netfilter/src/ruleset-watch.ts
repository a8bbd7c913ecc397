import { EventEmitter } from 'node:events';
import { isNetnsError } from '@routed/netns';
import { NFNLGRP_NFTABLES, type NfnetlinkMonitor, openNfnetlinkMonitor } from '@routed/netns/nfnetlink';
import type { NfnetlinkOptions } from '@routed/netns/nfnetlink';
import { FAMILIES } from './filters/kernel-sets.ts';
import { FORWARD_PLACES } from './forward-rules.ts';
import { isDamage, type Whereabouts } from './ruleset-damage.ts';

/** Rules that may be damaged: those of `ForwardAcceptance`, or those of `EndpointFilters`. */
export type DamagedRules = 'forward' | 'filters';

/** Events of a {@link RulesetWatch}. */
export interface RulesetWatchEvents {
  /** Something was taken away from these rules, by somebody else or by ourselves; or it is not known. */
  readonly damage: [DamagedRules];
}

/** Tells when rules of ours may have been taken away. It keeps the process alive until it is closed. */
export interface RulesetWatch extends AsyncDisposable {
  on(event: 'damage', listener: (rules: DamagedRules) => void): unknown;
  /** Its socket failed: nothing is reported any more. */
  readonly isDeaf: boolean;
  close(): Promise<void>;
}

/** What to watch besides the rules of forward acceptance. */
export interface RulesetWatchOptions extends NfnetlinkOptions {
  /** The name of the tables of `EndpointFilters`. Elements of their sets are not watched. */
  readonly filterTable?: string;
}

/**
 * Watches the rules of nf_tables, which are those of Debian's iptables too. The old iptables (iptables-legacy) tells nobody
 * of its changes.
 *
 * @returns undefined when this kernel has no nf_tables, or the process may not listen
 */
export async function watchRuleset(options: RulesetWatchOptions = {}): Promise<RulesetWatch | undefined> {
  const { filterTable, ...monitorOptions } = options;
  const tables = filterTable === undefined ? [] : FAMILIES.map((family) => ({ family, table: filterTable }));
  try {
    const monitor = await openNfnetlinkMonitor(NFNLGRP_NFTABLES, monitorOptions);
    return new KernelRulesetWatch(monitor, { forward: FORWARD_PLACES, filters: tables });
  } catch (error) {
    if (isNetnsError(error, 'FAILED', 'NOT_PERMITTED')) return undefined;
    throw error;
  }
}

class KernelRulesetWatch extends EventEmitter<RulesetWatchEvents> implements RulesetWatch {
  readonly #monitor: NfnetlinkMonitor;
  #isDeaf = false;

  /** Takes over `monitor`. */
  constructor(monitor: NfnetlinkMonitor, places: Readonly<Record<DamagedRules, readonly Whereabouts[]>>) {
    super();
    this.#monitor = monitor;
    monitor.on('message', (message) => {
      if (isDamage(message, places.forward)) this.emit('damage', 'forward');
      if (isDamage(message, places.filters)) this.emit('damage', 'filters');
    });
    monitor.on('overrun', () => this.#reportAll());
    monitor.on('error', () => {
      this.#isDeaf = true;
      this.#reportAll();
    });
  }

  get isDeaf(): boolean {
    return this.#isDeaf;
  }

  close(): Promise<void> {
    return this.#monitor.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #reportAll(): void {
    this.emit('damage', 'forward');
    this.emit('damage', 'filters');
  }
}
