import { BLOCK_PROTOCOL, MAIN_TABLE, PREVIOUS_TABLE, ROUTE_PROTOCOL, UNANNOUNCED_TABLE } from '@routed/datapath';
import { Disk } from './disk.ts';
import { type Fabric, Router } from './fabric.ts';
import { HostKernel } from './host-kernel.ts';
import { Life, type Pace } from './life.ts';
import { ModelEngine, type ModelNetwork } from './model-engine.ts';
import { Plugin } from './plugin.ts';
import type { Random } from './random.ts';
import { sleep } from './virtual-time.ts';

const PACE: Pace = { slowPart: 0.2, longestMs: 4 };
/** How long the service manager takes until it starts a plugin that has ended, in milliseconds. */
const RESTART_MS = { low: 50, high: 3_000 };

interface HostDeps {
  readonly name: string;
  readonly number: number;
  readonly random: Random;
  readonly fabric: Fabric;
  readonly networks: readonly ModelNetwork[];
  readonly isLiveRestore: boolean;
  readonly tell: (who: string, what: string) => void;
}

/** A host: a kernel, a disk, a Docker engine, a router and the plugin. */
export class Host {
  readonly name: string;
  readonly random: Random;
  readonly engine: ModelEngine;
  readonly router: Router;
  readonly #deps: HostDeps;
  readonly #disk = new Disk();
  #kernel: HostKernel;
  #plugin: Plugin | undefined;
  #pluginSinceMs = 0;
  #boots = 0;
  /** Nothing is started of itself while it is off. */
  isOn = false;

  constructor(deps: HostDeps) {
    this.#deps = deps;
    this.name = deps.name;
    this.random = deps.random;
    this.#kernel = new HostKernel(deps.random);
    const kernel = (): HostKernel => this.#kernel;
    const address = `192.0.2.${deps.number}`;
    this.router = new Router({ ...deps, id: `10.0.0.${deps.number}`, address, kernel });
    this.engine = new ModelEngine({
      ...deps,
      hostName: deps.name,
      kernel,
      plugin: () => this.#plugin,
      tell: (what) => this.tell(what),
    });
  }

  get kernel(): HostKernel {
    return this.#kernel;
  }

  get plugin(): Plugin | undefined {
    return this.#plugin;
  }

  /** For how long the plugin has answered calls, in milliseconds. */
  get pluginUpForMs(): number {
    return this.#plugin?.isServing === true ? performance.now() - this.#pluginSinceMs : 0;
  }

  tell(what: string): void {
    this.#deps.tell(this.name, what);
  }

  async powerOn(): Promise<void> {
    this.isOn = true;
    this.#boots++;
    this.#kernel = new HostKernel(this.random);
    this.#kernel.onChange(() => this.router.read());
    this.#kernel.onChange(() => this.router.write());
    await this.#kernel.boot(this.router.address, this.#deps.fabric.addresses());
    void this.router.start();
    const { kernel } = this;
    await this.startPlugin();
    // It may have lost its power again.
    if (kernel === this.#kernel) await this.engine.start();
  }

  /** Pulls the plug: kernel, processes and the latest writes are gone. */
  powerOff(): void {
    this.tell('loses power');
    this.isOn = false;
    this.#plugin?.life.end();
    this.#plugin = undefined;
    this.#kernel = new HostKernel(this.random);
    this.engine.losePower();
    this.router.kill();
    this.#disk.failPower(this.random);
  }

  /** Fulfilled when it answers calls, or has ended before. */
  async startPlugin(): Promise<void> {
    if (!this.isOn || (this.#plugin !== undefined && !this.#plugin.life.isDead)) return;
    const life = new Life(this.random, PACE);
    const { docker, engineEvents, isEngineUp, networks } = this.engine.portFor(life);
    const plugin = new Plugin(life, {
      ...{ name: this.name, kernel: this.#kernel, disk: this.#disk, bootId: `boot ${this.#boots}` },
      ...{ docker, engineEvents, isEngineUp, networks },
      routers: this.router.linesFor(life),
      onLog: (text) => this.tell(`log: ${text}`),
    });
    this.#plugin = plugin;
    const ended = new Promise<void>((resolve) => life.onEnd(resolve));
    await Promise.race([plugin.start(), ended]);
    if (plugin.isServing) {
      this.tell('plugin serves');
      this.#pluginSinceMs = performance.now();
    }
  }

  /** Kills the plugin; the service manager starts it again after a while. */
  killPlugin(why: string): void {
    const plugin = this.#plugin;
    if (plugin === undefined || plugin.life.isDead) return;
    this.tell(`plugin is killed ${why}`);
    plugin.life.end();
    void this.#startPluginLater();
  }

  /** Kills the plugin at a request that changes something, the `count`th from now on. */
  killPluginAtWrite(count: number): void {
    this.#plugin?.life.dieAtWrite(count, (where) => this.killPlugin(where));
  }

  /** `systemctl restart` */
  async restartPlugin(): Promise<void> {
    const plugin = this.#plugin;
    if (plugin?.isServing !== true) return;
    this.tell('plugin is stopped');
    await plugin.stop();
    await this.startPlugin();
  }

  /** The host routes of containers that routers tell other hosts of. */
  announced(): string[] {
    return this.#routesIn(MAIN_TABLE);
  }

  /** The blocks that routers tell other hosts of. */
  blocks(): string[] {
    const { routes } = this.#kernel.state;
    return routes
      .filter(({ protocol, type }) => protocol === BLOCK_PROTOCOL && type === 'blackhole')
      .map(({ destination }) => destination);
  }

  /** Host routes of addresses that this host delivers to and does not announce by themselves. */
  unannounced(): string[] {
    return this.#routesIn(UNANNOUNCED_TABLE);
  }

  /** Whether it passes connections on to a host that announced an address before. */
  get hasPredecessors(): boolean {
    return this.#routesIn(PREVIOUS_TABLE).length > 0;
  }

  #routesIn(table: number): string[] {
    const { routes } = this.#kernel.state;
    return routes
      .filter((route) => route.protocol === ROUTE_PROTOCOL && route.table === table)
      .map(({ destination }) => destination.replace(/\/32$/, ''));
  }

  async #startPluginLater(): Promise<void> {
    await sleep(this.random.between(RESTART_MS.low, RESTART_MS.high));
    await this.startPlugin();
  }
}
