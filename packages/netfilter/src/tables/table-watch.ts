import { EventEmitter } from 'node:events';
import { isNetnsError } from '@routed/netns';
import { NFNLGRP_NFTABLES, type NfnetlinkMonitor, openNfnetlinkMonitor } from '@routed/netns/nfnetlink';
import type { NetlinkMessage, Nfnetlink, NfnetlinkOptions } from '@routed/netns/nfnetlink';
import { isForeignChange } from '../ruleset-damage.ts';
import type { TableReference } from './contract.ts';

/** Events of a {@link TableWatch}. */
export interface TableWatchEvents {
  /** Somebody else changed something in this table: its rules, its sets, their elements; or it is not known whether. */
  readonly change: [TableReference];
}

/** Tells when others change tables. It keeps the process alive until it is closed. Elements that expire are no change. */
export interface TableWatch extends AsyncDisposable {
  on(event: 'change', listener: (table: TableReference) => void): unknown;
  /** What this process does from now on is no change by others: the `nft` of {@link loadRules}. Replaces the one before. */
  ignore(pid: number): void;
  /** Its socket failed: nothing is reported any more. */
  readonly isDeaf: boolean;
  close(): Promise<void>;
}

/** What to watch. */
export interface TableWatchOptions extends NfnetlinkOptions {
  readonly tables: readonly TableReference[];
  /** What this connection changes is not reported. */
  readonly own?: Pick<Nfnetlink, 'portId'>;
}

/** @returns undefined when this kernel has no nf_tables, or the process may not listen */
export async function watchTables(options: TableWatchOptions): Promise<TableWatch | undefined> {
  const { tables, own, netns } = options;
  try {
    const monitor = await openNfnetlinkMonitor(NFNLGRP_NFTABLES, netns === undefined ? {} : { netns });
    return new KernelTableWatch(monitor, tables, own);
  } catch (error) {
    if (isNetnsError(error, 'FAILED', 'NOT_PERMITTED')) return undefined;
    throw error;
  }
}

class KernelTableWatch extends EventEmitter<TableWatchEvents> implements TableWatch {
  readonly #monitor: NfnetlinkMonitor;
  #isDeaf = false;
  #ignored: number | undefined;

  /** Takes over `monitor`. */
  constructor(
    monitor: NfnetlinkMonitor,
    tables: readonly TableReference[],
    own: Pick<Nfnetlink, 'portId'> | undefined,
  ) {
    super();
    this.#monitor = monitor;
    const isChange = (message: NetlinkMessage, table: TableReference): boolean =>
      message.portId !== this.#ignored && isForeignChange(message, [table], own?.portId);
    const report = (which: (table: TableReference) => boolean): void => {
      for (const table of tables) if (which(table)) this.emit('change', table);
    };
    monitor.on('message', (message) => report((table) => isChange(message, table)));
    monitor.on('overrun', () => report(() => true));
    monitor.on('error', () => {
      this.#isDeaf = true;
      report(() => true);
    });
  }

  get isDeaf(): boolean {
    return this.#isDeaf;
  }

  ignore(pid: number): void {
    this.#ignored = pid;
  }

  close(): Promise<void> {
    return this.#monitor.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
