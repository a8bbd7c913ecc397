import { CONNECTION_MARKS, type ConnectionMarks, type ForwardAcceptance, isNetfilterError } from '@routed/netfilter';
import type { Rtnl } from '@routed/netns';
import type { Logger } from '../ground/logger.ts';
import type { Uplinks } from '../host/uplinks.ts';
import { announcementRules, applyAnnouncementRules, blockRules } from './announcement-rules.ts';
import {
  applyPreviousHolders,
  findHolder,
  holderAt,
  listPreviousHolders,
  type PreviousHolder,
} from './previous-holder.ts';

interface TrafficDeps {
  readonly rtnl: Pick<Rtnl, 'rules' | 'links' | 'routes' | 'neighbours'>;
  readonly marks: ConnectionMarks;
  readonly acceptance: Pick<ForwardAcceptance, 'acceptMarked'>;
  readonly uplinks: Pick<Uplinks, 'namesOf'>;
  readonly logger: Logger;
}

/** What packets are to be told apart for. */
export interface Separation {
  /** Where addresses are that this host does not announce, or took over. */
  readonly prefixes: readonly string[];
  /** Where what opens is marked, although there are no rules yet. */
  readonly ahead: readonly string[];
  /** The blocks of this host: what has an address of them here is reached, announced or not. */
  readonly blocks: readonly string[];
  /** Of the addresses that this host took over. */
  readonly previous: readonly PreviousHolder[];
}

/**
 * How packets reach addresses that this host does not announce, or that another host announced before: rules of policy routing, the
 * ways to those hosts, and the marks that the rules read.
 */
export class UnannouncedTraffic {
  readonly #deps: TrafficDeps;
  #separation: Separation = { prefixes: [], ahead: [], blocks: [], previous: [] };
  #acceptedBits = 0;
  /** Whether there may be marks: also those that the previous run of the daemon left. */
  #mayHaveMarks = true;
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
   * Fulfilled with the rules. The marks follow, see {@link marked}: until they are there, new connections of this host go to its own
   * containers.
   *
   * @throws NetlinkError
   */
  async apply(separation: Separation): Promise<void> {
    const done = this.#rules.then(() => this.#route(separation));
    this.#rules = done.catch(() => undefined);
    await done;
    this.#separation = separation;
    if (marked(separation).length > 0 || this.#mayHaveMarks) this.#marks = this.#marks.then(() => this.#mark());
  }

  /** Fulfilled when the marks are as they were asked for so far, or cannot be; never rejects. */
  async marked(): Promise<void> {
    await this.#marks;
  }

  /** The way to the host that announces an address now; undefined when no other host does. @throws NetlinkError */
  async holderOf(address: string): Promise<PreviousHolder | undefined> {
    return await findHolder(this.#deps.rtnl, address);
  }

  /** The way to a host that announces an address as well, by its next hop; undefined when that is not known. @throws NetlinkError */
  async holderAt(way: {
    readonly address: string;
    readonly gateway: string;
    readonly linkName: string;
  }): Promise<PreviousHolder | undefined> {
    return await holderAt(this.#deps.rtnl, way);
  }

  /** The ways that are there, such as of the previous run of the daemon. @throws NetlinkError */
  async previous(): Promise<readonly PreviousHolder[]> {
    return await listPreviousHolders(this.#deps.rtnl);
  }

  async #route({ prefixes, blocks, previous }: Separation): Promise<void> {
    const { rtnl } = this.#deps;
    const hadPrevious = this.#separation.previous.length > 0;
    if (previous.length > 0 || hadPrevious || prefixes.length === 0) await applyPreviousHolders(rtnl, previous);
    await applyAnnouncementRules(rtnl.rules, [...blockRules(blocks), ...announcementRules(prefixes)]);
  }

  async #mark(): Promise<void> {
    const { rtnl, marks, uplinks: all, logger } = this.#deps;
    const { previous } = this.#separation;
    const prefixes = marked(this.#separation);
    try {
      await this.#accept(previous.length > 0 ? CONNECTION_MARKS.elsewhere : 0);
      this.#mayHaveMarks = true;
      if (prefixes.length === 0) {
        await marks.remove();
        this.#mayHaveMarks = false;
      } else {
        const takenOver = previous.map(({ address }) => address);
        const previousMacs = [...new Set(previous.map(({ mac }) => mac))];
        const uplinks = all.namesOf(await rtnl.links.list());
        await marks.ensure({ prefixes, uplinks, takenOver, previousMacs });
      }
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

  /** What is passed on to another host goes from uplink to uplink, which the firewall may refuse. */
  async #accept(bits: number): Promise<void> {
    if (bits === this.#acceptedBits) return;
    await this.#deps.acceptance.acceptMarked(bits);
    this.#acceptedBits = bits;
  }
}

function marked({ prefixes, ahead }: Separation): string[] {
  return [...new Set([...prefixes, ...ahead])].sort();
}
