import { linkOfKey } from '../codec/key.ts';
import type { CommandRunner } from '../command-runner.ts';
import { NetfilterError } from '../netfilter-error.ts';
import { indexElements, type KernelSets, type LinkElements } from './kernel-sets.ts';
import { UNTRACKED_SETS, uplinkElements } from './layout.ts';
import { untrackedTrial } from './ruleset.ts';

/** The links whose packets are not tracked, and the uplinks that their packets come and go by. */
export class UntrackedLinks {
  readonly #run: CommandRunner;
  readonly #sets: Pick<KernelSets, 'elements'>;
  readonly #uplinks: () => Promise<readonly string[]>;
  readonly #links = new Set<string>();
  #isSupported: boolean | undefined;

  constructor(deps: {
    readonly run: CommandRunner;
    readonly sets: Pick<KernelSets, 'elements'>;
    readonly uplinks?: (() => Promise<readonly string[]>) | undefined;
  }) {
    this.#run = deps.run;
    this.#sets = deps.sets;
    this.#uplinks = deps.uplinks ?? (() => Promise.resolve([]));
  }

  /** Notes a link that is untracked, or no longer; returns whether uplinks matter from now on, or no longer do. */
  note(link: string, isOne: boolean): boolean {
    const before = this.#links.size;
    if (isOne) this.#links.add(link);
    else this.#links.delete(link);
    return (before === 0) !== (this.#links.size === 0);
  }

  /** Notes those that an earlier process left. @throws NetlinkError */
  async find(): Promise<void> {
    for (const { key } of await this.#sets.elements('inet', UNTRACKED_SETS.from)) this.note(linkOfKey(key), true);
  }

  /** Whether there is one. */
  get isAny(): boolean {
    return this.#links.size > 0;
  }

  clear(): void {
    this.#links.clear();
  }

  /** What the sets hold of uplinks, by their names: nothing while every link is tracked. */
  async uplinks(): Promise<ReadonlyMap<string, LinkElements>> {
    const names = this.#links.size === 0 ? [] : await this.#uplinks();
    return new Map(names.map((name) => [name, indexElements(uplinkElements(name))]));
  }

  /** @throws NetfilterError CONNTRACK_UNAVAILABLE where nftables, or its kernel, cannot do it */
  async requireSupport(): Promise<void> {
    this.#isSupported ??= await this.#isPossible();
    if (this.#isSupported) return;
    const reason =
      'nftables of this host cannot leave packets untracked (it needs nft, and NFT_CT and NFT_FIB_INET of the kernel): ' +
      'omit routed.conntrack=off';
    throw new NetfilterError({ code: 'CONNTRACK_UNAVAILABLE', operation: 'routed.conntrack=off', reason });
  }

  /** A program that cannot be run now may be installed later: it is asked again. */
  async #isPossible(): Promise<boolean | undefined> {
    const result = await this.#run(['nft', '-f', '-'], untrackedTrial(`routed_try_${process.pid}`));
    return result === undefined ? undefined : result.exitCode === 0;
  }
}
