import { type ConnectionMarks, isNetfilterError } from '@routed/netfilter';
import type { Rtnl } from '@routed/netns';
import type { Logger } from '../ground/logger.ts';
import type { Uplinks } from '../host/uplinks.ts';
import { announcementRules, applyAnnouncementRules } from './announcement-rules.ts';

interface TrafficDeps {
  readonly rtnl: Pick<Rtnl, 'rules' | 'links'>;
  readonly marks: ConnectionMarks;
  readonly uplinks: Pick<Uplinks, 'namesOf'>;
  readonly logger: Logger;
}

/** How packets reach addresses that this host does not announce: rules of policy routing, and the marks that they read. */
export class UnannouncedTraffic {
  readonly #deps: TrafficDeps;
  #prefixes: readonly string[] = [];
  /** Whether nft is missing, and the log has said so. */
  #isMarkless = false;
  /** Of each, one change after another. */
  #rules: Promise<unknown> = Promise.resolve();
  #marks: Promise<unknown> = Promise.resolve();

  constructor(deps: TrafficDeps) {
    this.#deps = deps;
  }

  /**
   * Makes packets to these prefixes reach addresses that are not announced, and no others; none takes rules and marks away. Safe to
   * repeat, which repairs what others changed.
   *
   * Fulfilled with the rules. The marks follow: until they are there, new connections of this host go to its own containers.
   *
   * @throws NetlinkError
   */
  async apply(prefixes: readonly string[]): Promise<void> {
    const done = this.#rules.then(() => applyAnnouncementRules(this.#deps.rtnl.rules, announcementRules(prefixes)));
    this.#rules = done.catch(() => undefined);
    await done;
    const hadSome = this.#prefixes.length > 0;
    this.#prefixes = prefixes;
    if (prefixes.length > 0 || hadSome) this.#marks = this.#marks.then(() => this.#mark());
  }

  async #mark(): Promise<void> {
    const { rtnl, marks, uplinks: all, logger } = this.#deps;
    const prefixes = this.#prefixes;
    try {
      if (prefixes.length === 0) await marks.remove();
      else await marks.ensure({ prefixes, uplinks: all.namesOf(await rtnl.links.list()), takenOver: [] });
      this.#isMarkless = false;
    } catch (error) {
      if (!this.#isMarkless) {
        logger.warn(
          { err: error },
          'connections cannot be marked: this host keeps using its own unannounced containers',
        );
      }
      this.#isMarkless = isNetfilterError(error, 'NFT_MISSING');
    }
  }
}
