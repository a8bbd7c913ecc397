import { EventEmitter } from 'node:events';
import { isNetnsError } from '@routed/netns';
import { NFNLGRP_NFTABLES, type NfnetlinkMonitor, openNfnetlinkMonitor } from '@routed/netns/nfnetlink';
import type { NetlinkMessage, Nfnetlink, NfnetlinkOptions } from '@routed/netns/nfnetlink';
import { FORWARD_CHAIN, forwardPlaces } from './forward-rules.ts';
import { markedPlaces } from './queue/queue-rules.ts';
import { FAMILIES, isDamage, isForeignChange } from './ruleset-damage.ts';

/** Rules that may be damaged: those of `ForwardAcceptance`, of `EndpointFilters`, or of `ConnectionMarks`. */
export type DamagedRules = 'forward' | 'filters' | 'marks';

/** Events of a {@link RulesetWatch}. */
export interface RulesetWatchEvents {
  /**
   * Something was taken away from these rules, by somebody else or by ourselves; or it is not known. For those of
   * `EndpointFilters` also what was changed or added, in rules or lists, by anybody but {@link RulesetWatchOptions.own}; for those of
   * `ConnectionMarks` by anybody but the process of {@link RulesetWatch.ignore}.
   */
  readonly damage: [DamagedRules];
}

/** Tells when rules of ours may have been taken away. It keeps the process alive until it is closed. */
export interface RulesetWatch extends AsyncDisposable {
  on(event: 'damage', listener: (rules: DamagedRules) => void): unknown;
  /**
   * What this process does from now on is no damage: a program that was run for us. Replaces the one before.
   *
   * A program whose socket has another id than its process is not known by it: then its changes are reported.
   * Source: linux net/netlink/af_netlink.c, netlink_autobind.
   */
  ignore(pid: number): void;
  /** Its socket failed: nothing is reported any more. */
  readonly isDeaf: boolean;
  close(): Promise<void>;
}

/** What to watch besides the rules of forward acceptance. */
export interface RulesetWatchOptions extends NfnetlinkOptions {
  /** The chain of `ForwardAcceptance`. @defaultValue `ROUTED-FORWARD` */
  readonly forwardChain?: string;
  /** The name of the tables of `EndpointFilters`. */
  readonly filterTable?: string;
  /** The name of the table of `ConnectionMarks`. */
  readonly markTable?: string;
  /** The connection that `EndpointFilters` have: what it changes in their tables is no damage. */
  readonly own?: Pick<Nfnetlink, 'portId'>;
}

/**
 * Watches the rules of nf_tables, which are those of Debian's iptables too. The old iptables (iptables-legacy) tells nobody
 * of its changes.
 *
 * @returns undefined when this kernel has no nf_tables, or the process may not listen
 */
export async function watchRuleset(options: RulesetWatchOptions = {}): Promise<RulesetWatch | undefined> {
  const { forwardChain = FORWARD_CHAIN, filterTable, markTable, own, ...monitorOptions } = options;
  const places = forwardPlaces(forwardChain);
  const tables = filterTable === undefined ? [] : FAMILIES.map((family) => ({ family, table: filterTable }));
  const queues = filterTable === undefined ? [] : markedPlaces();
  const marks = markTable === undefined ? [] : [{ family: 'inet', table: markTable } as const];
  try {
    const monitor = await openNfnetlinkMonitor(NFNLGRP_NFTABLES, monitorOptions);
    return new KernelRulesetWatch(monitor, {
      forward: (message) => isDamage(message, places),
      filters: (message) => isForeignChange(message, tables, own?.portId) || isDamage(message, queues),
      marks: (message) => isForeignChange(message, marks, own?.portId),
    });
  } catch (error) {
    if (isNetnsError(error, 'FAILED', 'NOT_PERMITTED')) return undefined;
    throw error;
  }
}

class KernelRulesetWatch extends EventEmitter<RulesetWatchEvents> implements RulesetWatch {
  readonly #monitor: NfnetlinkMonitor;
  #isDeaf = false;
  #ignored: number | undefined;

  /** Takes over `monitor`. */
  constructor(
    monitor: NfnetlinkMonitor,
    isDamaging: Readonly<Record<DamagedRules, (message: NetlinkMessage) => boolean>>,
  ) {
    super();
    this.#monitor = monitor;
    monitor.on('message', (message) => {
      if (message.portId === this.#ignored) return;
      if (isDamaging.forward(message)) this.emit('damage', 'forward');
      if (isDamaging.filters(message)) this.emit('damage', 'filters');
      if (isDamaging.marks(message)) this.emit('damage', 'marks');
    });
    monitor.on('overrun', () => this.#reportAll());
    monitor.on('error', () => {
      this.#isDeaf = true;
      this.#reportAll();
    });
  }

  ignore(pid: number): void {
    this.#ignored = pid;
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
    this.emit('damage', 'marks');
  }
}
