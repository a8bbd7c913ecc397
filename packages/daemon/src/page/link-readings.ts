import { linkNames, Uplinks } from '@routed/datapath';
import type { LinkDetails, Rtnl } from '@routed/netns';
import type { AddressStory, LinkReading } from '@routed/web';

/** Links come and go; a dump of those of ten thousand containers is nothing to do every second. */
const NAMES_MS = 60_000;

/** Reads the counters of links. */
export class LinkReadings {
  readonly #rtnl: Pick<Rtnl, 'links' | 'routes'>;
  readonly #uplinks: Uplinks;
  #names: readonly string[] = [];
  #namedAtMs = -Infinity;

  /** @param named with `--uplinks`; absent: they are found by themselves */
  constructor(rtnl: Pick<Rtnl, 'links' | 'routes'>, named?: readonly string[]) {
    this.#rtnl = rtnl;
    this.#uplinks = new Uplinks({ rtnl }, named);
  }

  /** Of those that lead off the host. */
  async uplinks(): Promise<LinkReading[]> {
    if (performance.now() - this.#namedAtMs > NAMES_MS) {
      this.#names = this.#uplinks.namesOf(await this.#rtnl.links.list());
      this.#namedAtMs = performance.now();
    }
    const links = await Promise.all(this.#names.map((name) => this.#rtnl.links.inspect({ name })));
    return links.flatMap((link) => (link === undefined ? [] : [readingOf(link)]));
  }

  /** Of the link of an endpoint, as its container sees it; undefined: it has none. */
  async trafficOf(endpointId: string): Promise<AddressStory['traffic'] | undefined> {
    const { statistics } = (await this.#rtnl.links.inspect({ name: linkNames(endpointId).host })) ?? {};
    // The host's end sends what the container receives.
    return statistics && { inBytes: statistics.txBytes, outBytes: statistics.rxBytes };
  }
}

function readingOf({ name, isUp, mtuBytes, statistics }: LinkDetails): LinkReading {
  return { name, isUp, mtuBytes, inBytes: statistics?.rxBytes ?? 0, outBytes: statistics?.txBytes ?? 0 };
}
