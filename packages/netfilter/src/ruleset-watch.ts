import { EventEmitter } from 'node:events';
import { isNetnsError } from '@routed/netns';
import { NFNLGRP_NFTABLES, type NfnetlinkMonitor, openNfnetlinkMonitor } from '@routed/netns/nfnetlink';
import type { NfnetlinkOptions } from '@routed/netns/nfnetlink';
import { FORWARD_PLACES } from './forward-rules.ts';
import { isDamage } from './ruleset-damage.ts';

/** Events of a {@link RulesetWatch}. */
export interface RulesetWatchEvents {
  /** Something was taken away where rules of ours stand, by somebody else or by ourselves; or it is not known. */
  readonly damage: [];
}

/** Tells when rules of ours may have been taken away. It keeps the process alive until it is closed. */
export interface RulesetWatch extends AsyncDisposable {
  on(event: 'damage', listener: () => void): unknown;
  /** Its socket failed: nothing is reported any more. */
  readonly isDeaf: boolean;
  close(): Promise<void>;
}

/**
 * Watches the rules of nf_tables, which are those of Debian's iptables too. The old iptables (iptables-legacy) tells nobody
 * of its changes.
 *
 * @returns undefined when this kernel has no nf_tables, or the process may not listen
 */
export async function watchRuleset(options: NfnetlinkOptions = {}): Promise<RulesetWatch | undefined> {
  try {
    return new KernelRulesetWatch(await openNfnetlinkMonitor(NFNLGRP_NFTABLES, options));
  } catch (error) {
    if (isNetnsError(error, 'FAILED', 'NOT_PERMITTED')) return undefined;
    throw error;
  }
}

/** {@link RulesetWatch} over a monitor of `NFNLGRP_NFTABLES`. */
export class KernelRulesetWatch extends EventEmitter<RulesetWatchEvents> implements RulesetWatch {
  readonly #monitor: NfnetlinkMonitor;
  #isDeaf = false;

  /** Takes over `monitor`. */
  constructor(monitor: NfnetlinkMonitor) {
    super();
    this.#monitor = monitor;
    monitor.on('message', (message) => {
      if (isDamage(message, FORWARD_PLACES)) this.emit('damage');
    });
    monitor.on('overrun', () => this.emit('damage'));
    monitor.on('error', () => {
      this.#isDeaf = true;
      this.emit('damage');
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
}
