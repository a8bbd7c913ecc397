import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { CrashHost, type Traces } from './crash-host.ts';
import type { DeathPoint } from './daemon-process.ts';
import { type Absence, DockerCalls, DockerGaveUp } from './docker-calls.ts';
import { type ContainerSpec, DockerLife, type DockerNetwork, type Release } from './docker-life.ts';

/** Longer than any grace period of the daemon. */
const LONG_MS = 130_000;
const ROUND_PAUSE_MS = 40;
const DEADLINE_MS = 20_000;

/** A life of which one call is cut off. */
export type Life = 'network' | 'container' | 'limited' | 'blocks';

/** Where a daemon dies, and what Docker does then. */
export interface Crash {
  readonly life: Life;
  /** The number of the call in this life. */
  readonly call: number;
  readonly point: DeathPoint;
  readonly absence: Absence;
  readonly release: Release;
}

/** A container with everything that can be left behind. */
const RICH: ContainerSpec = {
  address: '10.1.0.20',
  addressIpv6: 'fd00:1::20',
  driverOptions: {
    'routed.addresses': '10.1.0.21 fd00:1::21 192.168.7.21',
    'routed.ingress': '10.9.0.0/16 [fd00:9::/64]:80/tcp',
  },
};
/** One with limits, and a list with a name. */
const LIMITED: ContainerSpec = {
  address: '10.1.0.22',
  addressIpv6: 'fd00:1::22',
  driverOptions: {
    'routed.egress': '10.9.0.0/16 [fd00:9::/64]:80/tcp api.example.com:443',
    'routed.rate-in': '100mbit',
    'routed.rate-out': '100mbit',
  },
};
/** Of a network whose containers get addresses of blocks. */
const BLOCKS = { 'routed.block': '/26,/122' };
const NEXT: ContainerSpec = { driverOptions: { 'routed.addresses': '192.168.7.30' } };

/** One host, on which one daemon after the other dies. */
export class CrashLane {
  readonly #host: CrashHost;
  readonly #life: DockerLife;
  /** How the host is without networks: see `CrashHost.settings`. */
  readonly #bare: readonly string[];
  /** A network that was there before the crash, and what there is when no container is on it. */
  #standing: { readonly network: DockerNetwork; readonly traces: Traces } | undefined;

  private constructor(host: CrashHost, life: DockerLife, bare: readonly string[]) {
    this.#host = host;
    this.#life = life;
    this.#bare = bare;
  }

  static async open(main: string): Promise<CrashLane> {
    const host = await CrashHost.open(main);
    const calls = new DockerCalls(host);
    try {
      await calls.begin();
      return new CrashLane(host, new DockerLife(host, calls), await host.settings());
    } catch (error) {
      await host.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#host.close();
  }

  async logTail(): Promise<string> {
    return await this.#host.logTail();
  }

  /**
   * Has the daemon die, and sees what is left when Docker has done what it does then, and time has passed.
   *
   * @returns whether there was such a step
   */
  async suffer(crash: Crash): Promise<boolean> {
    const calls = new DockerCalls(this.#host, crash.absence);
    calls.plan(crash.call, crash.point);
    const life = new DockerLife(this.#host, calls, crash.release);
    if (crash.life === 'network') await this.#sufferNetwork(life, calls, crash);
    else if (crash.life === 'blocks') await this.#sufferBlocks(life, calls);
    else await this.#sufferContainer(life, calls, crash);
    return calls.hasDied;
  }

  async #sufferNetwork(life: DockerLife, calls: DockerCalls, { absence }: Crash): Promise<void> {
    await this.#clear();
    await untilGivenUp(async () => {
      const network = await life.createNetwork();
      await life.removeNetwork(network);
    });
    if (!calls.hasDied) return;
    if (absence === 'long') await this.#expectBareUnlessNetwork();
    const next = absence === 'short' ? await this.#life.createNetwork() : await this.#createSoon();
    await this.#useUp(next);
  }

  /** A network that was made after the crash, to its end: then nothing is left. */
  async #useUp(next: DockerNetwork): Promise<void> {
    await this.#useContainer(next, RICH);
    await this.#settle((traces) => expect(Object.keys(traces.records).filter(isOfNetwork)).to.have.lengthOf(1));
    await this.#life.removeNetwork(next);
    await this.#settle(expectNothing);
    expect(await this.#host.settings()).to.deep.equal(this.#bare);
  }

  /** Docker asks nothing more: the host is as it was, unless the network is there and Docker may know it. */
  async #expectBareUnlessNetwork(): Promise<void> {
    await this.#settle(async ({ records }) => {
      if (Object.keys(records).some(isOfNetwork)) {
        // Nobody asked for anything of it yet, and there is no Docker that would say that it does not know it.
        expect(Object.values(records)).to.satisfy((all: object[]) =>
          all.some((one) => 'isUnanswered' in one && one.isUnanswered === true),
        );
        return;
      }
      expect(await this.#host.settings()).to.deep.equal(this.#bare);
    });
  }

  /** A network with blocks, from its creation to its end, with one container. */
  async #sufferBlocks(life: DockerLife, calls: DockerCalls): Promise<void> {
    await this.#clear();
    let network: DockerNetwork | undefined;
    await untilGivenUp(async () => {
      const created = await life.createNetwork(BLOCKS);
      network = created;
      await life.stop(created, await life.start(created));
      network = undefined;
      await life.removeNetwork(created);
    });
    if (!calls.hasDied) return;
    if (network !== undefined) {
      await this.#useContainer(network, {});
      await this.#life.removeNetwork(network);
    }
    await this.#useUp(await this.#createSoon());
  }

  async #clear(): Promise<void> {
    if (this.#standing !== undefined) await this.#life.removeNetwork(this.#standing.network);
    this.#standing = undefined;
  }

  /** Whoever was told that a network is in the way tries again later. */
  async #createSoon(): Promise<DockerNetwork> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      await this.#passTime();
      try {
        return await this.#life.createNetwork();
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
    }
  }

  async #sufferContainer(life: DockerLife, calls: DockerCalls, { absence, point, life: kind }: Crash): Promise<void> {
    const { network, traces } = await this.#stand();
    const spec = kind === 'limited' ? LIMITED : RICH;
    const ending = absence === 'long' && point.step % 2 === 0 ? 'died' : 'moved back';
    await untilGivenUp(async () => {
      const container = await life.start(network, spec);
      await life.stop(network, container, ending);
    });
    if (!calls.hasDied) return;
    await this.#useContainer(network, NEXT);
    await this.#settle((now) => expect(now).to.deep.equal(traces));
    await this.#useContainer(network, spec);
    await this.#settle((now) => expect(now).to.deep.equal(traces));
  }

  async #stand(): Promise<{ readonly network: DockerNetwork; readonly traces: Traces }> {
    if (this.#standing === undefined) {
      const network = await this.#life.createNetwork();
      // From then on its record stays as it is.
      await this.#useContainer(network, NEXT);
      // What was appended to a file comes to the database a moment later.
      await this.#settle(({ links, records }) => {
        expect(links).to.deep.equal([]);
        expect(Object.entries(records).filter(isOfContainer)).to.deep.equal([]);
      });
      this.#standing = { network, traces: await this.#host.traces() };
    }
    return this.#standing;
  }

  /** A container starts, is reached, and ends. */
  async #useContainer(network: DockerNetwork, spec: ContainerSpec): Promise<void> {
    const container = await this.#life.start(network, spec);
    expect(await this.#host.ping(container.address), `${container.address} answers`).to.equal(true);
    await this.#life.stop(network, container);
  }

  /** Lets time pass for the daemon, round after round, until what is there is as expected. */
  async #settle(expectation: (traces: Traces) => unknown): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      try {
        await expectation(await this.#host.traces());
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
      await this.#passTime();
    }
  }

  async #passTime(): Promise<void> {
    await this.#host.daemon.advance(LONG_MS);
    await sleep(ROUND_PAUSE_MS);
  }
}

async function untilGivenUp(life: () => Promise<void>): Promise<void> {
  try {
    await life();
  } catch (error) {
    if (!(error instanceof DockerGaveUp) && !isBrokenCall(error)) throw error;
  }
}

function isBrokenCall(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'NO_REPLY';
}

function isOfContainer([key, record]: readonly [string, unknown]): boolean {
  return key.startsWith('!endpoints!') || (record as { readonly purpose?: string }).purpose === 'endpoint';
}

function isOfNetwork(key: string): boolean {
  return key.startsWith('!networks!');
}

function expectNothing({ records, ...kernel }: Traces): void {
  expect(kernel).to.deep.equal({
    links: [],
    routes: [],
    blocks: [],
    rules: [],
    addresses: [],
    neighbours: [],
    filters: [],
  });
  expect(Object.keys(records)).to.deep.equal([]);
}
