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
  #isMarkless = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: TrafficDeps) {
    this.#deps = deps;
  }

  /** Whether new connections of this host go to its own containers only, because nft is missing. */
  get isMarkless(): boolean {
    return this.#isMarkless;
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
    const hadSome = this.#prefixes.length > 0;
    this.#prefixes = prefixes;
    await applyAnnouncementRules(this.#deps.rtnl.rules, announcementRules(prefixes));
    if (prefixes.length > 0 || hadSome) this.#last = this.#last.then(() => this.#mark());
  }

  /** Fulfilled when the marks are as {@link apply} said last. */
  async settled(): Promise<void> {
    await this.#last;
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
