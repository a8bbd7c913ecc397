import { DockerError, type DockerEngine } from '@routed/docker-engine';
import type { MethodName, ReplyOf } from '@routed/plugin-protocol';
import { constants } from 'node:os';
import type { DriverPorts } from '../../src/assemble.ts';
import { EventStream } from './event-stream.ts';
import type { HostKernel } from './host-kernel.ts';
import { Life, type Pace } from './life.ts';
import { type ContainerWish, ModelContainer } from './model-container.ts';
import type { Plugin } from './plugin.ts';
import type { Random } from './random.ts';
import { sleep } from './virtual-time.ts';

/** A network as the user made it: the same on all hosts. */
export interface ModelNetwork {
  readonly name: string;
  readonly id: string;
  readonly subnet: string;
  readonly options: Readonly<Record<string, string>>;
}

/** How long Docker tries to reach a plugin that does not answer. Source: moby pkg/plugins/client.go, defaultTimeOut. */
const PLUGIN_PATIENCE_MS = 30_000;
/** How long Docker waits between the stop signal and SIGKILL. */
const STOP_TIMEOUT_MS = 10_000;
/** How long a container takes until its health check succeeds, at most. */
const HEALTHY_AFTER_MS = 3_000;
const PACE: Pace = { slowPart: 0.5, longestMs: 20 };

interface EngineDeps {
  readonly random: Random;
  readonly hostName: string;
  readonly networks: readonly ModelNetwork[];
  /** Whether containers outlive the engine. */
  readonly isLiveRestore: boolean;
  readonly kernel: () => HostKernel;
  readonly plugin: () => Plugin | undefined;
  readonly tell: (what: string) => void;
}

/** A Docker engine: it makes the calls that Docker makes, in Docker's order, and may be killed at each. */
export class ModelEngine {
  readonly #deps: EngineDeps;
  readonly #events: EventStream;
  readonly containers = new Map<string, ModelContainer>();
  #pools = new Map<string, string>();
  #life: Life;
  #isUp = false;
  #upSinceMs = 0;
  #ids = 0;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.#events = new EventStream(deps.random);
    this.#life = new Life(deps.random, PACE);
    this.#life.end();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** For how long it has run, in milliseconds. */
  get upForMs(): number {
    return this.#isUp ? performance.now() - this.#upSinceMs : 0;
  }

  get life(): Life {
    return this.#life;
  }

  /** Starts the engine, and what it restarts. */
  async start(): Promise<void> {
    if (this.#isUp) return;
    this.#life = new Life(this.#deps.random, PACE);
    const life = this.#life;
    this.#isUp = true;
    this.#upSinceMs = performance.now();
    await Promise.all([...this.containers.values()].map((container) => this.#restore(container, life)));
    if (life.isDead) return;
    this.#events.setUp(true);
    for (const container of this.containers.values()) {
      if (container.status === 'exited' && container.wish.doesRestart) void this.startContainer(container);
    }
  }

  /** Kills the engine. Its containers run on. */
  kill(): void {
    this.#life.end();
    this.#isUp = false;
    this.#events.setUp(false);
    for (const container of this.containers.values()) {
      container.unlock();
      container.isStarting = false;
    }
  }

  /** `docker network create` for each network. */
  async createNetworks(): Promise<void> {
    for (const { id, subnet, options } of this.#deps.networks) {
      const { PoolID, Pool, Data } = await this.#call('IpamDriver.RequestPool', {
        AddressSpace: 'routed-local',
        Pool: subnet,
        SubPool: '',
        Options: null,
        V6: false,
      });
      this.#pools.set(id, PoolID);
      await this.#call('NetworkDriver.CreateNetwork', {
        NetworkID: id,
        Options: { 'com.docker.network.generic': options },
        IPv4Data: [{ AddressSpace: 'routed-local', Pool, Gateway: Data?.['com.docker.network.gateway'] }],
        IPv6Data: [],
      });
    }
  }

  create(wish: ContainerWish): ModelContainer {
    const container = new ModelContainer(this.#newId(), wish);
    this.containers.set(container.id, container);
    return container;
  }

  /** `docker start`. Tells of a failure, as Docker does its user. */
  async startContainer(container: ModelContainer): Promise<void> {
    const life = this.#life;
    if (!this.#isUp || container.isAlive) return;
    try {
      await container.locked(() => this.#start(container, life));
    } catch (error) {
      this.#deps.tell(`${container.name} does not start: ${(error as Error).message}`);
      container.isStarting = false;
    }
  }

  /** `docker stop`, or `docker kill` with a signal that ends it. */
  async stopContainer(container: ModelContainer, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const life = this.#life;
    if (!this.#isUp || !container.isAlive) return;
    await this.#signal(container, signal);
    // The process may take its time, or not listen at all.
    const takesMs =
      signal === 'SIGKILL'
        ? 1
        : this.#deps.random.weighted([
            [5, 20],
            [2, 2_000],
            [1, Infinity],
          ]);
    await sleep(Math.min(takesMs, STOP_TIMEOUT_MS));
    if (takesMs > STOP_TIMEOUT_MS && !life.isDead) await this.#signal(container, 'SIGKILL');
    await this.endProcess(container);
  }

  /** Its process ends, whoever ended it. */
  async endProcess(container: ModelContainer): Promise<void> {
    if (!container.isAlive) return;
    container.isAlive = false;
    this.#deps.tell(`${container.name} ends`);
    if (this.#isUp) await container.locked(() => this.#cleanUp(container, this.#life));
  }

  async pause(container: ModelContainer, isPaused: boolean): Promise<void> {
    if (!this.#isUp || container.status !== (isPaused ? 'running' : 'paused')) return;
    await container.locked(async () => {
      await this.#life.pass('pause', () => undefined);
      if (!container.isAlive) return;
      container.status = isPaused ? 'paused' : 'running';
      this.#emit(container, isPaused ? 'pause' : 'unpause');
    });
  }

  /** Its health check says so, as soon as there is an engine to run it. */
  setHealth(container: ModelContainer, health: 'healthy' | 'unhealthy'): void {
    const isAsked = this.#isUp && container.wish.hasHealthcheck && container.status === 'running';
    if (!isAsked || container.health === health) return;
    container.health = health;
    this.#emit(container, 'health_status', health);
  }

  /** The host has lost power: so has every container. */
  losePower(): void {
    this.kill();
    for (const container of this.containers.values()) {
      container.isAlive = false;
      container.status = container.status === 'created' ? 'created' : 'exited';
      container.health = undefined;
      container.attachment = undefined;
      container.forgetNamespace();
    }
  }

  /** Answers a question. Who dies meanwhile breaks the connection. */
  async #whileUp<T>(answer: () => T | Promise<T>): Promise<T> {
    if (!this.#isUp) throw new DockerError('DOCKER_UNREACHABLE', 'Docker does not answer');
    const life = this.#life;
    return await new Promise((resolve, reject) => {
      life.onEnd(() => reject(new DockerError('DOCKER_UNREACHABLE', 'the connection broke')));
      Promise.resolve().then(answer).then(resolve, reject);
    });
  }

  /** What one run of the plugin asks it. */
  portFor(life: Life): Pick<DriverPorts, 'docker' | 'engineEvents' | 'isEngineUp'> & {
    readonly networks: DockerEngine['networks'];
  } {
    const ask = <T>(what: string, answer: () => T | Promise<T>): Promise<T> =>
      life.pass(what, () => this.#whileUp(answer), false);
    const all = (): ModelContainer[] => [...this.containers.values()];
    const attached = (networkId: string): ModelContainer[] =>
      all().filter(({ attachment, wish }) => attachment !== undefined && this.#networkOf(wish).id === networkId);
    return {
      docker: {
        list: () => ask('list', () => all().map((container) => this.#detailsOf(container))),
        owners: (networkId) =>
          ask('owners', () => {
            const there = attached(networkId).filter(({ attachment }) => attachment?.hasJoined === true);
            return new Map(
              there.map(({ id, name, attachment, wish }) => [
                attachment?.endpointId ?? '',
                { id, name, network: wish.network },
              ]),
            );
          }),
        inspect: (id) =>
          ask('inspect', () => {
            const container = this.containers.get(id);
            return container?.locked(() => Promise.resolve(this.#detailsOf(container)));
          }),
        starting: ({ networkId, name }) =>
          // What the real one finds out: certain only where Docker holds one container that may use the network.
          ask('starting', () => {
            const held = all().filter(
              ({ isHeld, attachment, wish }) =>
                isHeld && attachment === undefined && this.#networkOf(wish).id === networkId,
            );
            const named = name === undefined ? held : held.filter((container) => container.name === name);
            return named.length === 1 ? named[0]?.id : undefined;
          }).catch(() => undefined),
        kill: (id, signal) =>
          ask('kill', () => {
            const container = this.containers.get(id);
            if (container?.isAlive !== true) return false;
            void this.stopContainer(container, signal === 'SIGKILL' ? 'SIGKILL' : 'SIGTERM');
            return true;
          }),
      },
      engineEvents: (options) => this.#events.follow(life, options),
      isEngineUp: () => life.pass('is it up', () => this.#isUp, false),
      networks: {
        networks: () => ask('networks', () => this.#deps.networks.map(describeNetwork)),
        endpointsOf: (networkId) =>
          ask('endpoints', () => new Set(attached(networkId).map(({ attachment }) => attachment?.endpointId ?? ''))),
        attachments: () => ask('attachments', () => []),
      },
    };
  }

  async #start(container: ModelContainer, life: Life): Promise<void> {
    const { network, name, ip } = container.wish;
    await life.pass('start', () => undefined);
    if (container.isAlive) return;
    container.isStarting = true;
    const NetworkID = this.#networkOf(container.wish).id;
    const PoolID = this.#pools.get(NetworkID) ?? '';
    container.run++;
    const { Address } = await this.#call('IpamDriver.RequestAddress', { PoolID, Address: ip ?? '', Options: {} });
    const address = Address.split('/')[0] ?? '';
    const EndpointID = this.#newId();
    container.attachment = { endpointId: EndpointID, address, hasJoined: false, isNamed: false };
    this.#deps.tell(`${name} starts on ${network} with ${address}`);
    try {
      const Interface = { Address, AddressIPv6: '', MacAddress: '' };
      await this.#call('NetworkDriver.CreateEndpoint', { NetworkID, EndpointID, Interface, Options: {} });
      const SandboxKey = `/var/run/docker/netns/${EndpointID.slice(0, 12)}`;
      await this.#call('NetworkDriver.Join', { NetworkID, EndpointID, SandboxKey, Options: {} });
      container.attachment = { ...container.attachment, hasJoined: true };
      await life.pass('move in', () => container.moveIn(this.#deps.kernel(), EndpointID));
      await this.#call('NetworkDriver.EndpointOperInfo', { NetworkID, EndpointID });
    } catch (error) {
      await this.#detach(container, life);
      throw error;
    }
    container.attachment = { ...container.attachment, isNamed: true };
    this.#events.emit({ ...CONNECT, id: NetworkID, attributes: { container: container.id } });
    await life.pass('run', () => {
      container.isAlive = true;
      container.isStarting = container.endsBySignal = false;
      container.status = 'running';
      container.health = container.wish.hasHealthcheck ? 'starting' : undefined;
      this.#deps.tell(`${name} runs`);
    });
    this.#emit(container, 'start');
    const { run } = container;
    setTimeout(
      () => {
        if (container.run === run) this.setHealth(container, 'healthy');
      },
      this.#deps.random.between(100, HEALTHY_AFTER_MS),
    );
  }

  async #cleanUp(container: ModelContainer, life: Life): Promise<void> {
    await life.pass('notice the end', () => undefined);
    container.status = 'exited';
    container.health = undefined;
    this.#emit(container, 'die');
    await this.#detach(container, life);
  }

  /** Docker logs errors of these calls, and goes on. */
  async #detach(container: ModelContainer, life: Life): Promise<void> {
    const { attachment, wish } = container;
    if (attachment === undefined) return;
    const { endpointId: EndpointID, address: Address, hasJoined } = attachment;
    const NetworkID = this.#networkOf(wish).id;
    const PoolID = this.#pools.get(NetworkID) ?? '';
    const attempt = async (method: MethodName, request: object): Promise<void> => {
      await this.#call(method, request).catch((error: unknown) => {
        this.#deps.tell(`${container.name}: ${method} fails: ${(error as Error).message}`);
      });
    };
    if (hasJoined) await attempt('NetworkDriver.Leave', { NetworkID, EndpointID });
    await life.pass('move out', () => container.moveOut(this.#deps.kernel(), EndpointID));
    await attempt('NetworkDriver.DeleteEndpoint', { NetworkID, EndpointID });
    await attempt('IpamDriver.ReleaseAddress', { PoolID, Address });
    container.attachment = undefined;
  }

  /** What a new engine does with what the former one left. */
  async #restore(container: ModelContainer, life: Life): Promise<void> {
    if (container.isAlive && !this.#deps.isLiveRestore) {
      container.isAlive = false;
      this.#deps.tell(`${container.name} is ended by the new engine`);
    }
    if (container.isAlive) {
      container.status = container.status === 'paused' ? 'paused' : 'running';
      return;
    }
    if (container.status !== 'created') container.status = 'exited';
    // Not all that was under way is in Docker's own store. What it forgets, it may have taken out of the namespace before.
    const isForgotten = this.#deps.random.isTrue(0.5);
    const { attachment } = container;
    if (isForgotten && attachment !== undefined && this.#deps.random.isTrue(0.8)) {
      this.#deps.tell(`${container.name} is forgotten, with its end of the link on the host`);
      await life.pass('move out', () => container.moveOut(this.#deps.kernel(), attachment.endpointId));
    } else {
      await life.pass('lose the namespace', () => container.loseNamespace(this.#deps.kernel()));
    }
    if (isForgotten) container.attachment = undefined;
    await this.#detach(container, life);
  }

  async #signal(container: ModelContainer, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#life.pass('signal', () => undefined);
    if (!container.isAlive) return;
    container.endsBySignal = true;
    this.#emit(container, 'kill', '', { signal: String(constants.signals[signal]) });
  }

  async #call<M extends MethodName>(method: M, request: object): Promise<ReplyOf<M>> {
    const life = this.#life;
    for (let waitedMs = 0, pauseMs = 1_000; ; pauseMs *= 2) {
      const plugin = this.#deps.plugin();
      if (plugin?.isServing === true) return await life.pass(method, () => plugin.call(method, request));
      if (waitedMs + pauseMs > PLUGIN_PATIENCE_MS) throw new Error('the plugin does not answer');
      await life.pass('wait', () => sleep(pauseMs), false);
      waitedMs += pauseMs;
    }
  }

  #emit({ id }: ModelContainer, action: string, detail = '', attributes: Readonly<Record<string, string>> = {}): void {
    this.#events.emit({ type: 'container', action, detail, id, attributes });
  }

  #detailsOf(container: ModelContainer): ReturnType<ModelContainer['details']> {
    return container.details(this.#networkOf(container.wish).id);
  }

  #networkOf({ network }: ContainerWish): ModelNetwork {
    const found = this.#deps.networks.find(({ name }) => name === network);
    if (found === undefined) throw new Error(`no network ${network}`);
    return found;
  }

  #newId(): string {
    const digits = (++this.#ids).toString(16).padStart(8, '0');
    return `${digits}${Buffer.from(this.#deps.hostName).toString('hex')}`.padEnd(64, '0');
  }
}

const CONNECT = { type: 'network', action: 'connect', detail: '' } as const;

function describeNetwork({
  id,
  name,
  options,
  subnet,
}: ModelNetwork): Awaited<ReturnType<DockerEngine['networks']['networks']>>[number] {
  const subnets = [{ prefix: subnet, range: '', gateway: '', auxiliary: {} }];
  return { id, name, driver: 'routed', ipamDriver: 'routed', options, subnets };
}
