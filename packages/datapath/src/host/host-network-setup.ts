import {
  type EndpointFilters,
  type ForwardAcceptance,
  type ForwardPolicies,
  OVERRULED_REMEDY,
} from '@routed/netfilter';
import type { Link, Rtnl } from '@routed/netns';
import { LINK_GROUP } from '../names/kernel-names.ts';
import type { Logger } from '../ground/logger.ts';
import { DAEMON_SETTINGS, FORWARD_POLICIES, linkOfSetting, settingOf } from './host-settings.ts';
import type { KernelSettings, WantedSetting } from './kernel-settings.ts';
import { PolicyReview } from './policy-review.ts';
import type { Uplinks } from './uplinks.ts';

type Family = 4 | 6;

/** What of a network matters to the host. */
interface Needs {
  readonly pools: readonly { readonly family: Family }[];
}

const FORWARDING = { 4: DAEMON_SETTINGS.forwardIpv4, 6: DAEMON_SETTINGS.forwardIpv6 } as const;

/** Turns the host into the router that the containers need, and back. */
export class HostNetworkSetup {
  readonly #settings: KernelSettings;
  readonly #rtnl: Pick<Rtnl, 'links' | 'addresses'>;
  readonly #uplinks: Uplinks;
  readonly #acceptance: Pick<ForwardAcceptance, 'ensure' | 'remove'>;
  readonly #filters: Pick<EndpointFilters, 'ensure' | 'clear' | 'isLogging'>;
  readonly #review: PolicyReview;
  readonly #logger: Logger;
  /** Of the last preparation. */
  #failures: readonly unknown[] = [];

  constructor(deps: {
    readonly settings: KernelSettings;
    readonly policies: Pick<ForwardPolicies, 'hasDockerChain'>;
    readonly isEngineUp: () => Promise<boolean>;
    readonly rtnl: Pick<Rtnl, 'links' | 'addresses'>;
    readonly uplinks: Uplinks;
    readonly acceptance: Pick<ForwardAcceptance, 'ensure' | 'remove'>;
    readonly filters: Pick<EndpointFilters, 'ensure' | 'clear' | 'isLogging'>;
    readonly logger: Logger;
  }) {
    this.#settings = deps.settings;
    this.#rtnl = deps.rtnl;
    this.#uplinks = deps.uplinks;
    this.#acceptance = deps.acceptance;
    this.#filters = deps.filters;
    this.#logger = deps.logger;
    this.#review = new PolicyReview({ ...deps, isNeededByOthers: (family) => this.#isNeededByOthers(family) });
  }

  /** What of the last preparation failed, and what would not be put back, for people. */
  problems(): readonly string[] {
    const failed = this.#failures.map((failure) => `the host network is not set up: ${messageOf(failure)}`);
    return this.#settings.problem === undefined ? failed : [...failed, this.#settings.problem];
  }

  /** Switches IPv4 forwarding on: done when the daemon starts, before there is a network. */
  async start(): Promise<void> {
    await this.#ensureIpv4();
    await this.review();
  }

  /**
   * Readies the host for a network's families: filters, acceptance by the firewall, and forwarding. A part that fails does
   * not keep the others from being done.
   *
   * @throws what the first part that failed threw
   */
  async prepare({ pools }: Needs): Promise<void> {
    const failures: unknown[] = [];
    const parts = [() => this.#ensureRules(), () => this.#ensureIpv4()];
    if (pools.some(({ family }) => family === 6)) parts.push(() => this.#ensureIpv6());
    for (const part of [...parts, () => this.review()]) {
      await part().catch((error: unknown) => failures.push(error));
    }
    this.#failures = failures;
    for (const failure of failures.slice(1)) this.#logger.error({ err: failure }, 'host network setup failed');
    if (failures.length > 0) throw failures[0];
  }

  /** Gives a policy back that nobody needs any more: see `PolicyReview`. */
  async review(): Promise<void> {
    await this.#review.review();
  }

  /**
   * Undoes what no network needs any more.
   *
   * @param remaining what the networks that stay need
   */
  async release(remaining: Needs): Promise<void> {
    await this.#removeRules(remaining);
    await this.restore(remaining);
  }

  /**
   * The same for what an earlier run may have left: IPv4 forwarding, which {@link start} switches on before there is a network, stays.
   *
   * @param remaining what the networks that are there need
   */
  async tidy(remaining: Needs): Promise<void> {
    await this.#removeRules(remaining);
    await this.#restoreIpv6(remaining);
  }

  /**
   * Puts kernel settings back to what was found, those of a family that no network needs and nothing else on this host
   * either: links such as the bridges of Docker and libvirt found forwarding on and count on it.
   *
   * @param remaining what the networks that are there need
   */
  async restore(remaining: Needs): Promise<void> {
    await this.#restoreIpv6(remaining);
    // The IPv4 setting also serves networks of IPv6 alone: Docker looks at it.
    if (remaining.pools.length === 0) await this.#restoreFamily(4);
  }

  /** Whether refused packets are logged, and not only counted; undefined: there are no filters. */
  get isLogging(): boolean | undefined {
    return this.#filters.isLogging;
  }

  async #ensureRules(): Promise<void> {
    // First: without filters a closed container is open.
    const filters = await this.#filters.ensure();
    if (filters === 'unavailable') this.#logger.warn({}, 'nft not found: anti-spoofing is disabled');
    if (filters === 'installed' && this.#filters.isLogging === false) {
      this.#logger.warn({}, 'nft cannot log packets on this kernel: refused ones are counted, but not listed');
    }
    if (filters === 'repaired') {
      this.#logger.warn({}, 'repaired container filters that another program changed');
    }
    const outcome = await this.#acceptance.ensure();
    if (outcome === 'overruled by firewalld' || outcome === 'overruled by ufw') {
      const who = outcome.replace('overruled by ', '');
      this.#logger.warn({}, `${who} rejects packets to containers: ${OVERRULED_REMEDY[outcome]}, see docs/setup.md`);
    }
    this.#logger.debug({ outcome, filters }, 'firewall rules of container links');
  }

  async #ensureIpv4(): Promise<void> {
    await this.#settings.ensure(await this.#forwarding(4));
  }

  async #ensureIpv6(): Promise<void> {
    await this.#settings.ensure([...(await this.#advertisements()), ...(await this.#forwarding(6))]);
  }

  /**
   * Where forwarding is off, what this host was never asked to forward stays dropped: the policy comes first. Docker does the
   * same where it finds forwarding off; finding it on, it would leave the ports of its bridges open that nobody published.
   *
   * Source: moby libnetwork/drivers/bridge/setup_ip_forwarding.go.
   */
  async #forwarding(family: Family): Promise<WantedSetting[]> {
    const { key, value } = FORWARDING[family];
    const isOn = (await this.#settings.read(key)) === value;
    return [...(isOn ? [] : [{ key: FORWARD_POLICIES[family], value: 'DROP' }]), { key, value }];
  }

  /**
   * A host that forwards IPv6 no longer takes router advertisements, and would lose its own default route.
   * Uplinks that took them so far are told to go on (accept_ra 2), and no other link.
   *
   * Source: linux Documentation/networking/ip-sysctl.rst, accept_ra.
   */
  async #advertisements(): Promise<WantedSetting[]> {
    const { acceptRa } = DAEMON_SETTINGS;
    const links = await this.#rtnl.links.list();
    const names = new Set(this.#uplinks.namesOf(links));
    // What an earlier version told other links, and what is known of links that are gone.
    await this.#settings.restore((key) => {
      const link = linkOfSetting(acceptRa, key);
      return link !== undefined && !names.has(link);
    });
    const wanted: WantedSetting[] = [];
    for (const link of links.filter(({ name }) => names.has(name))) {
      const key = settingOf(acceptRa, link.name);
      const found = await this.#settings.read(key).catch(() => undefined);
      if (found !== acceptRa.insteadOf || !(await this.#uplinks.hearsRouters(link))) continue;
      wanted.push({ key, value: acceptRa.value, insteadOf: acceptRa.insteadOf, isOfLink: true });
    }
    return wanted;
  }

  async #removeRules({ pools }: Needs): Promise<void> {
    if (pools.length > 0) return;
    await this.#acceptance.remove();
    await this.#filters.clear();
  }

  async #restoreIpv6({ pools }: Needs): Promise<void> {
    if (!pools.some(({ family }) => family === 6)) await this.#restoreFamily(6);
  }

  async #restoreFamily(family: Family): Promise<void> {
    if (await this.#isNeededByOthers(family)) return;
    await this.#settings.restore((key) => key.startsWith(family === 4 ? 'net/ipv4/' : 'net/ipv6/'));
    // Last: while the host forwards, the policy stays.
    const { key, value } = FORWARDING[family];
    if ((await this.#settings.read(key)) === value) return;
    await this.#settings.restore((one) => one === FORWARD_POLICIES[family]);
  }

  /** Whether a link other than uplinks and ours has an address of the family. */
  async #isNeededByOthers(family: Family): Promise<boolean> {
    const others = this.#uplinks.insideOf(await this.#rtnl.links.list()).filter(({ group }) => group !== LINK_GROUP);
    const indexes = new Set(others.map(({ index }: Link) => index));
    const addresses = await this.#rtnl.addresses.list({ family });
    return addresses.some(({ linkIndex, scope }) => scope === 'universe' && indexes.has(linkIndex));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
