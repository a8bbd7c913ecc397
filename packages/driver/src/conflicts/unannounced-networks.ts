import type { PreviousHolder, UnannouncedTraffic } from '@routed/datapath';
import type { NetworkRegistry } from '../networks/network-registry.ts';

interface Deps {
  readonly traffic: Pick<UnannouncedTraffic, 'apply' | 'marked'>;
  readonly networks: Pick<NetworkRegistry, 'get'>;
}

/**
 * The networks of which something is in this host's containers and not announced, or was another host's before: their traffic needs
 * rules of policy routing. Rules are there before the first route that needs them, and go after the last.
 */
export class UnannouncedNetworks {
  readonly #deps: Deps;
  /** What needs the rules, by network: ids of endpoints, or addresses. */
  readonly #needs = new Map<string, Set<string>>();
  /** The networks of endpoints that will need the rules, and connections marked before. */
  readonly #ahead = new Map<string, string>();
  #blocks: readonly string[] = [];
  #previous: readonly PreviousHolder[] = [];

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Notes whether something of a network needs the rules: an endpoint by its id, or an address. Does nothing to the kernel.
   *
   * @returns whether that changes the rules
   */
  note(networkId: string, subject: string, isInNeed: boolean): boolean {
    this.#ahead.delete(subject);
    const subjects = this.#needs.get(networkId) ?? new Set();
    const hadRules = subjects.size > 0;
    if (isInNeed) subjects.add(subject);
    else subjects.delete(subject);
    if (subjects.size > 0) this.#needs.set(networkId, subjects);
    else this.#needs.delete(networkId);
    return hadRules !== subjects.size > 0;
  }

  /** Notes it, and changes the rules. @throws NetlinkError */
  async track(networkId: string, subject: string, isInNeed: boolean): Promise<void> {
    if (this.note(networkId, subject, isInNeed)) await this.review();
  }

  /** Forgets a subject whose network is not known any more. @returns whether that changes the rules */
  forget(subject: string): boolean {
    const wasAhead = this.#ahead.delete(subject);
    return [wasAhead, ...[...this.#needs.keys()].map((networkId) => this.note(networkId, subject, false))].includes(
      true,
    );
  }

  /** Makes connections that began with these hosts go on with them. @throws NetlinkError */
  async keepPrevious(previous: readonly PreviousHolder[]): Promise<void> {
    this.#previous = previous;
    await this.review();
  }

  /** Notes which blocks this host has; {@link review} makes their rules. */
  noteBlocks(blocks: readonly string[]): void {
    this.#blocks = blocks;
  }

  /** Marks what opens to a network from now on, before {@link track} makes the first rules for this subject. @throws NetlinkError */
  async markAhead(networkId: string, subject: string): Promise<void> {
    if (this.#needs.has(networkId)) return;
    this.#ahead.set(subject, networkId);
    await this.review();
    await this.#deps.traffic.marked();
  }

  /** Makes the rules what they have to be: safe to repeat. @throws NetlinkError */
  async review(): Promise<void> {
    await this.#deps.traffic.apply({
      prefixes: this.#prefixesOf(this.#needs.keys()),
      ahead: this.#prefixesOf(this.#ahead.values()),
      blocks: this.#blocks,
      previous: this.#previous,
    });
  }

  #prefixesOf(networkIds: Iterable<string>): string[] {
    const networks = [...networkIds].map((networkId) => this.#deps.networks.get(networkId));
    const prefixes = networks.flatMap((network) => [...(network?.pools ?? []), ...(network?.prefixes ?? [])]);
    return [...new Set(prefixes.map(({ prefix }) => prefix))].sort();
  }
}
