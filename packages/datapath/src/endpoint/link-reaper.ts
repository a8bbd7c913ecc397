import { isNetlinkError, type Rtnl } from '@routed/netns';
import type { Logger } from '../ground/logger.ts';
import { DELETE_GROUP } from '../names/kernel-names.ts';

/** How long burials are collected before one deletion takes them all. */
const COLLECT_MS = 20;
const RETRY_MS = 500;

/**
 * Deletes links without anybody waiting for it.
 *
 * Deleting a veth pair waits for the kernel's RCU grace periods, some 20 ms of the one lock that all of rtnetlink
 * shares; deleting a whole link group costs about the same once. So a link is set down and moved to a private group
 * at once, in microseconds, and the group is deleted in the background.
 */
export class LinkReaper {
  readonly #rtnl: Rtnl;
  readonly #logger: Logger;
  /** Links set down and not known to be gone, by name. */
  readonly #buried = new Set<string>();
  #running: Promise<void> | undefined;

  constructor(deps: { readonly rtnl: Rtnl; readonly logger: Logger }) {
    this.#rtnl = deps.rtnl;
    this.#logger = deps.logger;
  }

  /** How many links are waiting for deletion. */
  get pending(): number {
    return this.#buried.size;
  }

  /**
   * Sets a link down, by way of `links`, and leaves its deletion to the background. A link that is not there is none
   * to bury.
   */
  async scheduleDelete(name: string, links: Pick<Rtnl['links'], 'set'> = this.#rtnl.links): Promise<void> {
    try {
      await links.set({ name }, { isUp: false, group: DELETE_GROUP });
    } catch (error) {
      if (!isNetlinkError(error, 'ENODEV')) throw error;
      this.#logger.debug({ link: name }, 'link to delete is already gone');
      return;
    }
    this.#buried.add(name);
    this.#running ??= this.#run();
  }

  /** Deletes what the previous run of this process buried and did not come to delete. */
  async adopt(): Promise<void> {
    const adopted = await this.#rtnl.links.deleteGroup(DELETE_GROUP);
    if (adopted) this.#logger.info({}, 'deleted links of a previous run');
  }

  /** Waits until every link buried so far is gone. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    let waitMs = COLLECT_MS;
    while (this.#buried.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      waitMs = (await this.#deleteBuried()) ? COLLECT_MS : RETRY_MS;
    }
    this.#running = undefined;
  }

  async #deleteBuried(): Promise<boolean> {
    const names = [...this.#buried];
    const started = performance.now();
    try {
      await this.#rtnl.links.deleteGroup(DELETE_GROUP);
    } catch (error) {
      this.#logger.error({ err: error, links: names.length }, 'deleting links failed; trying again');
      return false;
    }
    for (const name of names) this.#buried.delete(name);
    this.#logger.debug({ links: names.length, ms: Math.round(performance.now() - started) }, 'links deleted');
    return true;
  }
}
