import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DockerCalls, LiveEndpoint } from '../plugin/docker-calls.ts';
import { createNetwork, deleteNetwork } from '../plugin/network.ts';
import { hostLinkName } from '../plugin/link-names.ts';
import { pluginSocket, type PluginHost } from '../plugin/plugin-host.ts';
import { lower } from '../plugin/population.ts';

const parallel = 4;
const mostEndpoints = 300;
const mostPauseMs = 20;
const routeProtocol = 200;

/** Something that happens to a host in daily life. */
interface Deed {
  readonly name: string;
  /** How often it happens, compared with the others. */
  readonly weight: number;
  readonly run: (calls: DockerCalls) => Promise<void>;
}

/** Does, again and again and at random, whatever Docker, operators and accidents do to a host. */
export class Churn {
  readonly #host: PluginHost;
  readonly #staying: LiveEndpoint[] = [];
  readonly #deeds: readonly Deed[];
  /** How often each deed was done. */
  readonly counts = new Map<string, number>();
  #networks = 0;

  constructor(host: PluginHost) {
    this.#host = host;
    this.#deeds = [
      { name: 'containers started', weight: 30, run: (calls) => this.#start(calls) },
      { name: 'containers stopped', weight: 26, run: (calls) => this.#stop(calls) },
      { name: 'addresses leased and given back', weight: 10, run: (calls) => this.#lease(calls) },
      { name: 'starts given up before Join', weight: 6, run: (calls) => this.#giveUp(calls) },
      { name: 'starts given up after Join, without Leave', weight: 6, run: (calls) => this.#giveUpLate(calls) },
      { name: 'calls repeated', weight: 6, run: (calls) => this.#repeat(calls) },
      { name: 'calls refused', weight: 4, run: (calls) => this.#failTo(calls) },
      { name: 'networks made and removed', weight: 1, run: () => this.#network() },
      { name: 'routes deleted by a stranger', weight: 2, run: () => this.#loseRoute() },
      { name: 'links deleted by a stranger', weight: 1, run: (calls) => this.#loseLink(calls) },
    ];
  }

  /** Goes on for so long, and leaves nothing behind on purpose. */
  async run(durationMs: number): Promise<void> {
    const end = performance.now() + durationMs;
    await Promise.all(Array.from({ length: parallel }, () => this.#work(end)));
    await lower(this.#host, this.#staying.splice(0), parallel);
    await this.#host.settle();
  }

  async #work(end: number): Promise<void> {
    const calls = await this.#host.connect();
    while (performance.now() < end) {
      const { name, run } = this.#choose();
      await run(calls);
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      await sleep(Math.random() * mostPauseMs);
    }
    calls.close();
  }

  #choose(): Deed {
    const total = this.#deeds.reduce((sum, { weight }) => sum + weight, 0);
    let left = Math.random() * total;
    return this.#deeds.find(({ weight }) => (left -= weight) < 0) ?? this.#deeds[0]!;
  }

  /** Nobody else gets it meanwhile. */
  #takeAny(): LiveEndpoint | undefined {
    const [taken] = this.#staying.splice(Math.floor(Math.random() * this.#staying.length), 1);
    return taken;
  }

  async #start(calls: DockerCalls): Promise<void> {
    if (this.#staying.length >= mostEndpoints) await this.#stop(calls);
    else this.#staying.push((await calls.up()).endpoint);
  }

  async #stop(calls: DockerCalls): Promise<void> {
    const endpoint = this.#takeAny();
    if (endpoint !== undefined) await calls.down(endpoint);
  }

  async #lease(calls: DockerCalls): Promise<void> {
    await calls.release((await calls.request()).address);
  }

  async #giveUp(calls: DockerCalls): Promise<void> {
    const { address } = await calls.request();
    const id = randomBytes(32).toString('hex');
    await calls.create({ id, address });
    await calls.delete(id);
    await calls.release(address);
  }

  async #giveUpLate(calls: DockerCalls): Promise<void> {
    const { id, address } = (await calls.up()).endpoint;
    await calls.delete(id);
    await calls.release(address);
  }

  async #repeat(calls: DockerCalls): Promise<void> {
    const endpoint = this.#takeAny();
    if (endpoint === undefined) return;
    await calls.create(endpoint);
    await calls.join(endpoint.id);
    await calls.leave(endpoint.id);
    await calls.leave(endpoint.id);
    await calls.delete(endpoint.id);
    await calls.down(endpoint);
  }

  async #failTo(calls: DockerCalls): Promise<void> {
    const refused = await calls.join(randomBytes(32).toString('hex')).catch(() => undefined);
    if (refused !== undefined) throw new Error('an endpoint that nobody created has joined');
  }

  async #network(): Promise<void> {
    const number = this.#networks++ % 250;
    const socket = pluginSocket(this.#host.host);
    const spec = { networkId: randomBytes(32).toString('hex'), subnet: `10.200.${number}.0/24` };
    await deleteNetwork(socket, await createNetwork(socket, spec));
  }

  async #loseRoute(): Promise<void> {
    const endpoint = this.#takeAny();
    if (endpoint === undefined) return;
    await this.#host.rtnl.routes.delete({ destination: endpoint.address, protocol: routeProtocol, scope: 'link' });
    this.#staying.push(endpoint);
  }

  async #loseLink(calls: DockerCalls): Promise<void> {
    const endpoint = this.#takeAny();
    if (endpoint === undefined) return;
    await this.#host.rtnl.links.delete({ name: hostLinkName(endpoint.id) });
    await sleep(mostPauseMs);
    await calls.down(endpoint);
  }
}
