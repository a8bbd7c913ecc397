import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '@routed/lab';
import { type Address, type LinkEvent, type Monitor, type Netns, openMonitor, openNetns } from '@routed/netns';
import { containerLinkPrefix } from '../plugin/link-names.ts';

/** What happened in a sandbox, in milliseconds of `performance.now()`. */
export interface Arrival {
  /** Docker moved the container's link there. */
  readonly linkAt: number;
  /** Docker's own addresses were on it. */
  readonly ownAt: number;
  /** The additional ones were, too. */
  readonly completeAt: number;
}

/** How many addresses a container is to have: Docker's own, which come first, and others. */
export interface Expected {
  readonly own: number;
  readonly additional: number;
}

const sandboxes = '/run/docker/netns';
const deadlineMs = 10_000;
const pollMs = 1;

/** Hears when links arrive in sandboxes of a host with an engine, and when the addresses on them are complete. */
export class Arrivals implements AsyncDisposable {
  readonly #directory: string;
  readonly #netns: Netns;
  readonly #monitor: Monitor;

  private constructor(directory: string, netns: Netns, monitor: Monitor) {
    this.#directory = directory;
    this.#netns = netns;
    this.#monitor = monitor;
  }

  static async open(host: Host): Promise<Arrivals> {
    const netns = await openNetns({ path: host.netnsPath });
    return new Arrivals(host.outsidePath(sandboxes), netns, await openMonitor({ groups: ['link'], netns }));
  }

  /** The next link that arrives in a sandbox that is not there yet, and gets its addresses there. */
  async next(expected: Expected): Promise<Arrival> {
    const known = new Set(await this.#sandboxes());
    const linkAt = await this.#departure();
    await using netns = await openNetns({ path: join(this.#directory, await this.#newSandbox(known)) });
    return { linkAt, ...(await complete(netns, expected)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#monitor.close();
    await this.#netns.close();
  }

  /** What the host sees of a move: the link is gone. */
  #departure(): Promise<number> {
    return new Promise((resolve) => {
      const onLink = ({ change, link }: LinkEvent): void => {
        if (change !== 'delete' || !link.name.startsWith(containerLinkPrefix)) return;
        this.#monitor.off('link', onLink);
        resolve(performance.now());
      };
      this.#monitor.on('link', onLink);
    });
  }

  async #newSandbox(known: ReadonlySet<string>): Promise<string> {
    const deadline = performance.now() + deadlineMs;
    while (performance.now() < deadline) {
      const name = (await this.#sandboxes()).find((entry) => !known.has(entry));
      if (name !== undefined) return name;
      await sleep(pollMs);
    }
    throw new Error(`no new sandbox in ${this.#directory}`);
  }

  async #sandboxes(): Promise<readonly string[]> {
    return readdir(this.#directory).catch(() => []);
  }
}

/** When a namespace has the addresses, in milliseconds; asked once, and heard of from then on. */
async function complete(netns: Netns, { own, additional }: Expected): Promise<Omit<Arrival, 'linkAt'>> {
  await using monitor = await openMonitor({ groups: ['address'], netns });
  await using rtnl = await netns.openRtnl();
  const held = new Set<string>();
  let ownAt: number | undefined;
  let completeAt: number | undefined;
  const note = ({ address, scope }: Address): void => {
    if (scope === 'universe') held.add(address);
    if (held.size >= own) ownAt ??= performance.now();
    if (held.size >= own + additional) completeAt ??= performance.now();
  };
  monitor.on('address', ({ change, address }) => {
    if (change === 'new') note(address);
  });
  for (const address of await rtnl.addresses.list()) note(address);
  const deadline = performance.now() + deadlineMs;
  while (completeAt === undefined && performance.now() < deadline) await sleep(pollMs);
  if (ownAt !== undefined && completeAt !== undefined) return { ownAt, completeAt };
  throw new Error(`a sandbox has ${held.size} addresses after ${deadlineMs / 1000} s, and should have more`);
}
