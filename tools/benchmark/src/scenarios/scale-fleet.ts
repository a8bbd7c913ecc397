import { loadavg } from 'node:os';
import { containerRoutes, type Announced } from '../scale/containers.ts';
import { openFleet, type Fleet, type Protocol } from '../scale/fleet.ts';
import { untilMet } from '../scale/meeting.ts';
import { atNormalPriority } from '../process/normal-priority.ts';
import { spread } from '../statistics.ts';
import type { Figure, Outcome, Scenario, Setting } from './scenario.ts';

interface Size {
  readonly hosts: number;
  readonly containersPerHost: number;
  /** Hosts with a router of their own, as many as two cores carry; one more router announces what the others would. */
  readonly real: Readonly<Record<Protocol, number>>;
  readonly announced: Readonly<Record<Protocol, readonly Announced[]>>;
}

const both = ['blocks', 'host routes'] as const;

const sizes: readonly Size[] = [
  { hosts: 100, containersPerHost: 200, real: { ospf: 20, bgp: 20 }, announced: { ospf: both, bgp: both } },
  // 100,000 LSAs at once did not get through to 15 routers in 180 s: docs/reference/performance-routing.md.
  { hosts: 1000, containersPerHost: 100, real: { ospf: 12, bgp: 12 }, announced: { ospf: ['blocks'], bgp: both } },
];
const quick: Size = {
  hosts: 6,
  containersPerHost: 100,
  real: { ospf: 3, bgp: 3 },
  announced: { ospf: both, bgp: both },
};
const timeoutMs = 180_000;
const reboots = { full: 3, quick: 1 } as const;

/** Whole fleets: what each router has in memory, and how long everything takes to be known after a host's reboot. */
export const scaleFleetScenarios: readonly Scenario[] = sizes.flatMap((size) =>
  (['ospf', 'bgp'] as const).map((protocol) => ({
    name: `scale-${protocol}-${size.hosts}`,
    title: `${size.hosts} hosts x ${size.containersPerHost} containers, ${protocol.toUpperCase()}`,
    run: (setting: Setting) =>
      atNormalPriority(() => measureFleet(setting.effort.isQuick ? quick : size, protocol, setting)),
  })),
);

async function measureFleet(size: Size, protocol: Protocol, setting: Setting): Promise<Outcome> {
  const figures: Figure[] = [];
  for (const announced of size.announced[protocol]) {
    const real = size.real[protocol];
    setting.log(`${announced}: ${real} real hosts, load ${(loadavg()[0] ?? 0).toFixed(1)}`);
    const { hosts, containersPerHost } = size;
    const of = { protocol, release: '8.4', announced, leaves: 2 } as const;
    await using fleet = await openFleet({
      ...of,
      hosts: real,
      fleet: { hosts, containersPerHost },
      hasStandIn: real < hosts,
    });
    await untilMet(fleet, (member) => containerRoutes(member, containersPerHost, announced).announced[0]!);
    const populated = new Populated(fleet, size, announced, setting.log);
    figures.push(...(await populated.fill()));
    figures.push(...(await populated.reboot(setting.effort.isQuick ? reboots.quick : reboots.full)));
  }
  return { figures };
}

/** A fleet whose containers run. */
class Populated {
  readonly #fleet: Fleet;
  readonly #size: Size;
  readonly #announced: Announced;
  readonly #log: Setting['log'];
  readonly #total: number;

  constructor(fleet: Fleet, size: Size, announced: Announced, log: Setting['log']) {
    this.#fleet = fleet;
    this.#size = size;
    this.#announced = announced;
    this.#log = log;
    this.#total = size.hosts * this.#routes(0).announced.length;
  }

  #routes(host: number): ReturnType<typeof containerRoutes> {
    return containerRoutes(host, this.#size.containersPerHost, this.#announced);
  }

  /** All containers of the fleet start at once: until every router has all routes, and what that takes of memory. */
  async fill(): Promise<Figure[]> {
    const { hosts, standIn, all, daemon } = this.#fleet;
    const before = await this.#cpuSeconds();
    const others = Array.from({ length: this.#size.hosts - hosts.length }, (_, index) => hosts.length + index);
    const rest = others.flatMap((host) => this.#routes(host).announced);
    // Each member has announced its first already.
    let addedMs = (await standIn?.change('add', rest.slice(1))) ?? 0;
    for (const [index, host] of hosts.entries()) {
      const { local, announced } = this.#routes(index);
      addedMs = await host.change('add', [...local, ...announced.slice(1)]);
    }
    const knownMs = await this.#untilAll(this.#total);
    const listed = await hosts[0]!.listRoutes();
    if (listed !== this.#total) throw new Error(`h1 lists ${listed} of ${this.#total} routes`);
    const lsas = daemon === 'ospfd' ? await hosts[0]!.countExternalLsas() : this.#total;
    this.#log(`${lsas} ${daemon === 'ospfd' ? 'LSAs' : 'prefixes'} everywhere`);
    return [
      this.#figure('fleet', daemon === 'ospfd' ? 'external LSAs' : 'prefixes', '', [lsas]),
      this.#figure('fleet', 'all containers at once, known everywhere', 'ms', [knownMs - addedMs]),
      this.#figure('fleet', 'CPU of all routers for it', 's', [(await this.#cpuSeconds()) - before]),
      ...(await this.#memory('host', hosts)),
      ...(await this.#memory('leaf', this.#fleet.leaves)),
      this.#figure('fleet', 'routers', '', [all.length]),
    ];
  }

  /** Hosts lose their power one after the other: from the start of the daemons until the host, and everybody else, has all. */
  async reboot(times: number): Promise<Figure[]> {
    const own: number[] = [];
    const everywhere: number[] = [];
    for (let index = 0; index < times; index++) {
      const host = this.#fleet.hosts[index]!;
      const { announced } = this.#routes(index);
      await host.crash();
      await this.#untilAll(this.#total - announced.length, host);
      await host.change('add', announced);
      const startedMs = await host.restart();
      const hasAll = host.untilRoutes(this.#total, timeoutMs);
      everywhere.push((await this.#untilAll(this.#total, host)) - startedMs);
      own.push((await hasAll) - startedMs);
      this.#log(`reboot of ${host.name}: ${own.at(-1)?.toFixed(0)} ms, ${everywhere.at(-1)?.toFixed(0)} ms`);
    }
    return [
      this.#figure('reboot', 'the host has all routes', 'ms', own),
      this.#figure('reboot', 'all others have its routes', 'ms', everywhere),
    ];
  }

  /** When the last router had so many routes. */
  async #untilAll(count: number, except?: unknown): Promise<number> {
    let lastMs = 0;
    for (const router of this.#fleet.all)
      if (router !== except) lastMs = Math.max(lastMs, await router.untilRoutes(count, timeoutMs));
    return lastMs;
  }

  async #memory(subject: string, routers: Fleet['all']): Promise<Figure[]> {
    if (routers.length === 0) return [];
    const figures: Figure[] = [];
    for (const daemon of ['zebra', this.#fleet.daemon] as const) {
      const read = await Promise.all(routers.map((router) => router.readDaemon(daemon)));
      const values = read.map(({ residentMb }) => residentMb);
      figures.push(this.#figure(subject, `${daemon}: resident memory`, 'MB', values));
    }
    return figures;
  }

  async #cpuSeconds(): Promise<number> {
    const { all, daemon } = this.#fleet;
    const read = await Promise.all(all.flatMap((router) => [router.readDaemon('zebra'), router.readDaemon(daemon)]));
    return read.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  }

  #figure(subject: string, name: string, unit: string, values: readonly number[]): Figure {
    return { ...spread(values), situation: this.#announced, subject, name, unit };
  }
}
