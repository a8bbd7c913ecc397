import type { Link, LinkEvent, MonitorEvents } from '@routed/netns';
import type { Logger } from '../ground/logger.ts';

/** What reports the host's links: a Monitor of @routed/netns. */
export interface LinkEvents {
  on(event: 'link', listener: (...data: MonitorEvents['link']) => void): unknown;
}

/**
 * Warns when the uplink's MTU is no longer the one that container links were given: the MTU of a running container's
 * link stays as it is.
 */
export class UplinkWatch {
  readonly #name: string;
  readonly #logger: Logger;
  readonly #containerMtuBytes: number;
  #mtuBytes: number;

  /** @param deps.uplink as it was when its MTU became that of container links */
  constructor(deps: { readonly uplink: Pick<Link, 'name' | 'mtuBytes'>; readonly logger: Logger }) {
    this.#name = deps.uplink.name;
    this.#containerMtuBytes = deps.uplink.mtuBytes;
    this.#mtuBytes = deps.uplink.mtuBytes;
    this.#logger = deps.logger;
  }

  /** Listens from now on. */
  start(events: LinkEvents): void {
    events.on('link', (event) => this.#onLink(event));
  }

  #onLink({ change, link: { name, mtuBytes } }: LinkEvent): void {
    // By name: a link that is made anew has another index.
    if (change === 'delete' || name !== this.#name || mtuBytes === this.#mtuBytes) return;
    const before = this.#mtuBytes;
    this.#mtuBytes = mtuBytes;
    if (mtuBytes === this.#containerMtuBytes) return;
    this.#logger.warn(
      { link: name, oldMtuBytes: before, newMtuBytes: mtuBytes },
      `the MTU of uplink ${name} is now ${mtuBytes} bytes, previously ${before}; container links keep ` +
        `${this.#containerMtuBytes}: restart routed-plugin, then the containers, or name an MTU with --mtu`,
    );
  }
}
