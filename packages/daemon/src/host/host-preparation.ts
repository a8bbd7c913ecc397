import type { ForwardAcceptance } from '@routed/netfilter';
import { isNetnsError, type Netns, type Rtnl } from '@routed/netns';
import { HOST_LINK_PREFIX } from '../endpoints/kernel-names.ts';
import type { Logger } from '../logger.ts';
import { RoutedError } from '../routed-error.ts';

const FORWARD_IPV4 = 'net/ipv4/ip_forward';
const FORWARD_IPV6 = 'net/ipv6/conf/all/forwarding';

/** Turns the host into the router that the containers need. */
export class HostPreparation {
  readonly #netns: Pick<Netns, 'readSysctl' | 'writeSysctl'>;
  readonly #rtnl: Rtnl;
  readonly #acceptance: ForwardAcceptance;
  readonly #logger: Logger;

  constructor(deps: {
    readonly netns: Pick<Netns, 'readSysctl' | 'writeSysctl'>;
    readonly rtnl: Rtnl;
    readonly acceptance: ForwardAcceptance;
    readonly logger: Logger;
  }) {
    this.#netns = deps.netns;
    this.#rtnl = deps.rtnl;
    this.#acceptance = deps.acceptance;
    this.#logger = deps.logger;
  }

  /**
   * Switches IPv4 forwarding on.
   *
   * Done when the daemon starts: a Docker engine that finds forwarding on leaves the firewall's FORWARD policy alone.
   */
  async start(): Promise<void> {
    await this.#switchOn(FORWARD_IPV4);
  }

  /** Readies the host for a network's families: forwarding, and acceptance by the firewall. */
  async prepare(network: { readonly pools: readonly { readonly family: 4 | 6 }[] }): Promise<void> {
    await this.#switchOn(FORWARD_IPV4);
    if (network.pools.some(({ family }) => family === 6)) await this.#forwardIpv6();
    const outcome = await this.#acceptance.ensure();
    this.#logger.debug({ outcome }, 'firewall acceptance of container links');
  }

  /** Undoes what the last network leaves on the host. Forwarding stays: others may have come to rely on it. */
  async release(): Promise<void> {
    await this.#acceptance.remove();
  }

  /**
   * A host that forwards IPv6 no longer takes router advertisements, and would lose its own default route.
   * Links that took them so far are told to go on (accept_ra 2).
   *
   * Source: linux Documentation/networking/ip-sysctl.rst, accept_ra.
   */
  async #forwardIpv6(): Promise<void> {
    for (const { name } of await this.#rtnl.links.list()) {
      if (name.startsWith(HOST_LINK_PREFIX)) continue;
      const key = `net/ipv6/conf/${name}/accept_ra`;
      if ((await this.#read(key)) === '1') await this.#netns.writeSysctl(key, '2');
    }
    await this.#switchOn(FORWARD_IPV6);
  }

  async #switchOn(key: string): Promise<void> {
    const value = await this.#read(key);
    if (value === '1') return;
    if (value === undefined) {
      throw new RoutedError('KERNEL_FEATURE_MISSING', `sysctl ${key} does not exist: IPv6 is not available here`);
    }
    try {
      await this.#netns.writeSysctl(key, '1');
    } catch (error) {
      throw new RoutedError(
        'NOT_PERMITTED',
        `sysctl ${key} is ${value} and cannot be set: run "sysctl -w ${key.replaceAll('/', '.')}=1" on the host`,
        { cause: error },
      );
    }
    this.#logger.info({ sysctl: key }, 'forwarding switched on');
  }

  async #read(key: string): Promise<string | undefined> {
    try {
      return await this.#netns.readSysctl(key);
    } catch (error) {
      if (isNetnsError(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }
}
