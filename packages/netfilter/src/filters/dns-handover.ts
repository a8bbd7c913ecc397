import type { CommandRunner } from '../command-runner.ts';
import { areOnNfTables } from '../iptables-variant.ts';
import { NetfilterError } from '../netfilter-error.ts';
import {
  ensureMarkedQueue,
  findQueueWay,
  MARKED_CHAIN,
  type MarkedQueueOptions,
  type QueueWay,
  removeMarkedQueue,
} from '../queue/queue-rules.ts';
import type { DnsTarget } from './ruleset.ts';

/** Where what containers ask in DNS is handed to, and the rules of iptables that this takes where nftables has no queues. */
export class DnsHandover {
  readonly #run: CommandRunner;
  /** Undefined: it is handed to nobody. */
  #to: { readonly way: Exclude<QueueWay, 'none'>; readonly options: MarkedQueueOptions } | undefined;
  /** Whether changes of iptables are reported; undefined before it was asked. */
  #isHeard: boolean | undefined;

  constructor(run: CommandRunner) {
    this.#run = run;
  }

  /** What the rules of nftables do with questions and answers; undefined: nothing. */
  get target(): DnsTarget | undefined {
    if (this.#to === undefined) return undefined;
    const { way, options } = this.#to;
    return way === 'nft' ? { queue: options.queue } : { mark: options.mark };
  }

  /** Whether it takes rules of iptables. */
  get isByIptables(): boolean {
    return this.#to?.way === 'iptables';
  }

  /** Finds a way that this kernel has, to be followed from now on. @throws NetfilterError QUEUE_UNAVAILABLE */
  async choose(options: MarkedQueueOptions): Promise<QueueWay> {
    const way = await findQueueWay(this.#run);
    if (way === 'none') throw queueMissing();
    this.#to = { way, options };
    return way;
  }

  /** Whether nobody can take away unheard the rules of iptables that fill the queue: of those of iptables-legacy nobody is told. */
  async isCertain(): Promise<boolean> {
    if (!this.isByIptables) return true;
    this.#isHeard ??= await areOnNfTables(this.#run);
    return this.#isHeard;
  }

  /** Makes sure of the rules of iptables; says whether something was missing. */
  async ensure(): Promise<boolean> {
    return this.#to?.way === 'iptables' && (await ensureMarkedQueue(this.#run, this.#to.options));
  }

  /** Takes the rules of iptables away. Whoever reads DNS goes on: the next rules hand it over as these did. */
  async remove(): Promise<void> {
    await removeMarkedQueue(this.#run, MARKED_CHAIN);
  }
}

function queueMissing(): NetfilterError {
  const reason =
    'this kernel hands packets to no program, as it has neither queue of nftables (NFT_QUEUE) nor NFQUEUE of iptables: ' +
    'list addresses and prefixes instead of names';
  return new NetfilterError({ code: 'QUEUE_UNAVAILABLE', operation: 'names in lists of destinations', reason });
}
