import { contains, parsePrefix } from '@routed/addresses';
import { ROUTE_PROTOCOL } from '@routed/datapath';
import type { Cluster } from './cluster.ts';
import type { Host } from './host.ts';
import type { ModelContainer } from './model-container.ts';

/** How long something may be wrong, in milliseconds, while everything that it takes to put it right is there. */
export const BOUNDS = {
  /** An address is announced, and no container has it. */
  ghost: 5_000,
  /** Two hosts announce an address that is to be one host's, and one of them does not report it. */
  untold: 35_000,
  /** The same, and both yield: then one of them has to. */
  unsettled: 70_000,
  /** A container is to be announced, and is not. */
  silent: 8_000,
  /** A container is not to be announced, and is. */
  loud: 5_000,
  /** A container runs, and its host does not deliver to it. */
  undelivered: 5_000,
  /** Rules are there for no unannounced address, or the other way around. */
  rules: 5_000,
  /** A block has no rule, or a rule no block; or what has an address of it is announced neither by itself nor with a block. */
  blocks: 5_000,
  /**
   * A block is announced, and no container has an address of it: ten minutes, and two rounds; and a minute more where a plugin that was
   * killed left a lease of it to nobody.
   */
  unusedBlock: 735_000,
} as const;

/** What has to be true, whatever happens. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Looks at the cluster from outside, knowing all that is. */
export class Invariants {
  readonly #cluster: Cluster;
  /** Since when what is wrong has been so, by what. */
  readonly #since = new Map<string, number>();

  /** What each host announced when rest began. */
  readonly #atRest = new Map<Host, string>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** @throws InvariantError when something has been wrong for longer than it may be */
  check(): void {
    const wrong = new Map<string, number>();
    for (const [what, boundMs] of this.#wrong()) wrong.set(what, boundMs);
    for (const what of this.#since.keys()) if (!wrong.has(what)) this.#since.delete(what);
    for (const [what, boundMs] of wrong) {
      const sinceMs = this.#since.get(what) ?? performance.now();
      this.#since.set(what, sinceMs);
      const forMs = performance.now() - sinceMs;
      if (forMs >= boundMs) throw new InvariantError(boundMs === 0 ? what : `${what}, for ${Math.round(forMs)} ms`);
    }
  }

  *#wrong(): Generator<readonly [what: string, boundMs: number]> {
    for (const host of this.#cluster.hosts) {
      yield* this.#leases(host);
      if (host.pluginUpForMs === 0) continue;
      yield* this.#ghosts(host);
      yield* this.#rules(host);
      yield* this.#blocks(host);
      for (const container of this.#cluster.containersOf(host)) yield* this.#container(host, container);
    }
    yield* this.#duplicates();
  }

  *#leases(host: Host): Generator<readonly [string, number]> {
    for (const swap of host.plugin?.swaps ?? []) yield [`${host.name}: ${swap}`, 0];
    const leased = host.plugin?.isServing === true ? host.plugin.leased() : undefined;
    const holders = new Map<string, string>();
    for (const { isServing, name, attachment } of this.#cluster.containersOf(host)) {
      if (!isServing || attachment === undefined) continue;
      const { address } = attachment;
      const other = holders.get(address);
      if (other !== undefined) yield [`${name} and ${other} both have ${address}`, 0];
      holders.set(address, name);
      if (leased?.includes(address) === false) yield [`${name} runs with ${address}, which is not leased`, 0];
    }
  }

  *#ghosts(host: Host): Generator<readonly [string, number]> {
    const { engine } = host;
    if (!engine.isUp) return;
    const attached = this.#cluster.containersOf(host).filter(({ attachment }) => attachment !== undefined);
    const endpoints = host.plugin?.report().endpoints ?? [];
    // Beside the address that Docker gave it, a container may have its own.
    const hasAdded = (endpointId: string | undefined, address: string): boolean =>
      endpoints.some(({ id, own = [] }) => id === endpointId && own.includes(address));
    for (const address of host.announced()) {
      const owner = attached.find(
        ({ attachment }) => attachment?.address === address || hasAdded(attachment?.endpointId, address),
      );
      if (owner?.isAlive === true || owner?.isStarting === true) continue;
      yield [`${host.name} announces ${address}, which no container has`, BOUNDS.ghost];
    }
  }

  *#rules(host: Host): Generator<readonly [string, number]> {
    const hasRules = rulesOf(host).some((destination) => !isBlock(destination));
    const endpoints = host.plugin?.report().endpoints ?? [];
    const unannounced = host.unannounced().filter((address) => !isCovered(host, address));
    // Its route may be held back: then the rules lead nowhere. What is yielded may be in a block of this host as well.
    const isUnannounced = endpoints.some(
      ({ announcement }) => announcement?.isAnnounced === false || announcement?.reason === 'yielded',
    );
    const isNeeded = isUnannounced || host.hasPredecessors || unannounced.length > 0;
    if (hasRules && !isNeeded)
      yield [`${host.name} has rules for unannounced addresses, and there is none`, BOUNDS.rules];
    if (!hasRules && unannounced.length > 0)
      yield [`${host.name} has unannounced addresses, and no rules`, BOUNDS.rules];
    const { hasMarks } = host.kernel;
    if (hasMarks !== hasRules)
      yield [`${host.name} has ${hasMarks ? 'marks without rules' : 'rules without marks'}`, BOUNDS.rules];
  }

  *#blocks(host: Host): Generator<readonly [string, number]> {
    const blocks = host.blocks();
    const rules = rulesOf(host).filter(isBlock);
    for (const block of blocks) {
      if (!rules.includes(block)) yield [`${host.name} has block ${block} without a rule`, BOUNDS.blocks];
      const addresses = [
        ...this.#cluster.containersOf(host).flatMap(({ attachment }) => attachment?.address ?? []),
        // Beside the address that Docker gave it, a container may have its own.
        ...(host.plugin?.report().endpoints ?? []).flatMap(({ own = [] }) => own),
      ];
      if (!host.engine.isUp || addresses.some((address) => isInside(block, address))) continue;
      yield [`${host.name} keeps block ${block}, which no container uses`, BOUNDS.unusedBlock];
    }
    for (const rule of rules) {
      if (!blocks.includes(rule))
        yield [`${host.name} has a rule of block ${rule}, which it does not have`, BOUNDS.blocks];
    }
    for (const { isServing, name, wish, attachment } of this.#cluster.containersOf(host)) {
      if (!isServing || wish.network !== 'blocks' || wish.ip !== undefined || attachment === undefined) continue;
      const { address } = attachment;
      if (!isCovered(host, address)) yield [`${name} was given ${address}, in no block of ${host.name}`, BOUNDS.blocks];
    }
  }

  *#container(host: Host, container: ModelContainer): Generator<readonly [string, number]> {
    const { attachment, name } = container;
    if (!container.isServing || attachment?.isNamed !== true) return;
    const { address, endpointId } = attachment;
    const report = host.plugin?.report();
    const isAnnounced = host.announced().includes(address);
    if (!isAnnounced && !host.unannounced().includes(address))
      yield [`${host.name} does not deliver to ${name} (${address})`, BOUNDS.undelivered];
    // It is reached with its block, or by itself after a conflict.
    if (container.wish.network === 'blocks' && isCovered(host, address)) return;
    const endpoint = report?.endpoints.find(({ id }) => id === endpointId);
    const isWanted = this.#isWanted(host, container, endpoint?.announcement?.reason);
    const delayMs = this.#cluster.traits.delaySec * 1_000;
    if (isWanted === true && !isAnnounced && !this.#isLeftToOther(host, address))
      yield [`${host.name} does not announce ${name} (${address})`, BOUNDS.silent + delayMs];
    if (isWanted === false && isAnnounced) yield [`${host.name} announces ${name} (${address})`, BOUNDS.loud];
  }

  /** Whether a container is to be announced; undefined: whatever is so, stays. */
  #isWanted(host: Host, { status, health, endsBySignal, wish }: ModelContainer, reason?: string): boolean | undefined {
    const announce = wish.network === 'blocks' ? 'always' : this.#cluster.traits.announce;
    // What operators said is theirs to know; that it is obeyed is what unit tests are for.
    if (reason === 'draining' || reason === 'flapping') return undefined;
    if (announce === 'always') return true;
    if (!host.engine.isUp || announce === 'manual') return undefined;
    if (status !== 'running' || endsBySignal) return endsBySignal ? undefined : false;
    return announce === 'running' || health === undefined || health === 'healthy';
  }

  /** Whether another host announces it, to which this one may leave it. */
  #isLeftToOther(host: Host, address: string): boolean {
    const { hosts, fabric } = this.#cluster;
    // Without its router it knows the routes that were there last.
    if (!host.router.isUp) return true;
    const reachable = hosts.filter((other) => other !== host && fabric.isReachable(host.router.id, other.router.id));
    return reachable.some(({ router }) => router.announced.has(`${address}/32`));
  }

  *#duplicates(): Generator<readonly [string, number]> {
    const { hosts, fabric } = this.#cluster;
    const able = hosts.filter(({ pluginUpForMs, router }) => pluginUpForMs > 0 && router.isUp);
    for (const [index, one] of able.entries()) {
      const others = able.slice(index + 1).filter(({ router }) => fabric.isReachable(one.router.id, router.id));
      for (const other of others) {
        yield* this.#duplicatesOf(one, other);
        yield* sharedBlocks(one, other);
      }
    }
  }

  *#duplicatesOf(one: Host, other: Host): Generator<readonly [string, number]> {
    const theirs = new Set(other.announced());
    for (const address of one.announced().filter((each) => theirs.has(each) && !this.#cluster.isShared(each))) {
      const which = `${address} is announced by ${one.name} and ${other.name}`;
      for (const host of [one, other]) {
        const conflicts = host.plugin?.report().conflicts ?? [];
        if (!conflicts.some((conflict) => conflict.address === address))
          yield [`${host.name} does not report that ${which}`, BOUNDS.untold];
      }
      if (this.#cluster.traits.onConflict !== 'keep') yield [`${which}, and none yields`, BOUNDS.unsettled];
    }
  }

  /** What has to be so once nothing has happened for some minutes. @throws InvariantError */
  checkAtRest(): void {
    for (const host of this.#cluster.hosts) {
      const has = this.#cluster.containersOf(host).flatMap(({ attachment }) => attachment?.address ?? []);
      const leased = host.plugin?.leased() ?? [];
      const surplus = leased.filter((address) => !has.includes(address));
      if (surplus.length > 0) throw new InvariantError(`${host.name} has leased ${surplus.join(', ')} to nobody`);
      const repairs = host.plugin?.repairs ?? [];
      const before = this.#atRest.get(host) ?? '';
      const now = host.announced().sort().join(' ');
      if (now !== before) throw new InvariantError(`${host.name} announces ${now} at rest, and announced ${before}`);
      if (repairs.length > 0) throw new InvariantError(`${host.name} repairs at rest: ${repairs.join(', ')}`);
    }
  }

  /** From now on nothing is to change. */
  beginRest(): void {
    for (const host of this.#cluster.hosts) this.#atRest.set(host, host.announced().sort().join(' '));
    for (const { plugin } of this.#cluster.hosts) if (plugin !== undefined) plugin.repairs = [];
  }
}

/** A block that two hosts have, and one of them does not report. */
function* sharedBlocks(one: Host, other: Host): Generator<readonly [string, number]> {
  for (const block of one.blocks().filter((each) => other.blocks().includes(each))) {
    for (const host of [one, other]) {
      const reported = host.plugin?.report().blocks.find(({ prefix }) => prefix === block)?.rivals ?? [];
      if (reported.length === 0)
        yield [`${host.name} does not report that ${one.name} and ${other.name} have block ${block}`, BOUNDS.untold];
    }
  }
}

/** The destinations of the plugin's rules. */
function rulesOf(host: Host): string[] {
  const ours = host.kernel.state.rules.filter(({ protocol }) => protocol === ROUTE_PROTOCOL);
  return ours.map(({ destination = '' }) => destination);
}

function isBlock(destination: string): boolean {
  return destination.startsWith('10.3.') && destination.endsWith('/30');
}

/** Whether a block of the host leads others to an address. */
function isCovered(host: Host, address: string): boolean {
  return host.blocks().some((block) => isInside(block, address));
}

function isInside(block: string, address: string): boolean {
  return contains(parsePrefix(block)!, parsePrefix(`${address}/32`)!);
}
