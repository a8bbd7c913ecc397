import { type EndpointFilters, type ForwardAcceptance, uplinkNames } from '@routed/netfilter';
import type { Rtnl } from '@routed/netns';
import { HOST_LINK_PREFIX, LINK_GROUP } from '../endpoints/kernel-names.ts';
import type { Logger } from '../logger.ts';
import { DAEMON_SETTINGS, settingOf } from './host-settings.ts';
import type { KernelSettings } from './kernel-settings.ts';

type Family = 4 | 6;

/** What of a network matters to the host. */
interface Needs {
  readonly pools: readonly { readonly family: Family }[];
}

/** Turns the host into the router that the containers need, and back. */
export class HostPreparation {
  readonly #settings: KernelSettings;
  readonly #rtnl: Rtnl;
  readonly #acceptance: ForwardAcceptance;
  readonly #filters: Pick<EndpointFilters, 'ensure' | 'clear'>;
  readonly #logger: Logger;

  constructor(deps: {
    readonly settings: KernelSettings;
    readonly rtnl: Rtnl;
    readonly acceptance: ForwardAcceptance;
    readonly filters: Pick<EndpointFilters, 'ensure' | 'clear'>;
    readonly logger: Logger;
  }) {
    this.#settings = deps.settings;
    this.#rtnl = deps.rtnl;
    this.#acceptance = deps.acceptance;
    this.#filters = deps.filters;
    this.#logger = deps.logger;
  }

  /**
   * Switches IPv4 forwarding on.
   *
   * Done when the daemon starts: a Docker engine that finds forwarding on leaves the firewall's FORWARD policy alone.
   */
  async start(): Promise<void> {
    await this.#forwardIpv4();
  }

  /** Readies the host for a network's families: forwarding, and acceptance by the firewall. */
  async prepare({ pools }: Needs): Promise<void> {
    await this.#forwardIpv4();
    if (pools.some(({ family }) => family === 6)) await this.#forwardIpv6();
    const outcome = await this.#acceptance.ensure();
    if (outcome === 'overruled') {
      this.#logger.warn(
        {},
        'firewalld rejects packets to containers: give their links a zone and policies, see docs/setup.md',
      );
    }
    const filters = await this.#filters.ensure();
    if (filters === 'unavailable') this.#logger.warn({}, 'no nft on this host: containers are not kept from spoofing');
    if (filters === 'repaired') {
      this.#logger.warn({}, 'filters of containers were changed by another program: they are put right');
    }
    this.#logger.debug({ outcome, filters }, 'firewall rules of container links');
  }

  /**
   * Undoes what no network needs any more.
   *
   * @param remaining what the networks that stay need
   */
  async release(remaining: Needs): Promise<void> {
    if (remaining.pools.length === 0) {
      await this.#acceptance.remove();
      await this.#filters.clear();
    }
    await this.restore(remaining);
  }

  /**
   * Puts kernel settings back to what was found, those of a family that no network needs and nothing else on this host
   * either: links such as the bridges of Docker and libvirt found forwarding on and count on it.
   */
  async restore({ pools }: Needs): Promise<void> {
    // The IPv4 setting also serves networks of IPv6 alone: Docker looks at it.
    if (pools.length === 0) await this.#restoreFamily(4);
    if (!pools.some(({ family }) => family === 6)) await this.#restoreFamily(6);
  }

  async #forwardIpv4(): Promise<void> {
    const { key, value } = DAEMON_SETTINGS.forwardIpv4;
    await this.#settings.ensure(key, value);
  }

  /**
   * A host that forwards IPv6 no longer takes router advertisements, and would lose its own default route.
   * Links that took them so far are told to go on (accept_ra 2).
   *
   * Source: linux Documentation/networking/ip-sysctl.rst, accept_ra.
   */
  async #forwardIpv6(): Promise<void> {
    const { forwardIpv6, acceptRa } = DAEMON_SETTINGS;
    for (const { name } of await this.#rtnl.links.list()) {
      if (name.startsWith(HOST_LINK_PREFIX)) continue;
      const key = settingOf(acceptRa, name);
      if ((await this.#settings.read(key)) === acceptRa.insteadOf) await this.#settings.ensure(key, acceptRa.value);
    }
    await this.#settings.ensure(forwardIpv6.key, forwardIpv6.value);
  }

  async #restoreFamily(family: Family): Promise<void> {
    if (await this.#isNeededByOthers(family)) return;
    await this.#settings.restore((key) => key.startsWith(family === 4 ? 'net/ipv4/' : 'net/ipv6/'));
  }

  /** Whether a link other than uplinks and ours has an address of the family. */
  async #isNeededByOthers(family: Family): Promise<boolean> {
    const links = await this.#rtnl.links.list();
    const uplinks = new Set(uplinkNames(links));
    const others = links.filter(({ name, isLoopback, group }) => {
      return !isLoopback && group !== LINK_GROUP && !uplinks.has(name);
    });
    const indexes = new Set(others.map(({ index }) => index));
    const addresses = await this.#rtnl.addresses.list({ family });
    return addresses.some(({ linkIndex, scope }) => scope === 'universe' && indexes.has(linkIndex));
  }
}
