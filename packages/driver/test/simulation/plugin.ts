import { FakeTrafficControl } from '../../../datapath/test/unit/support/fake-traffic-control.ts';
import { Uplinks } from '@routed/datapath';
import type { DockerEngine } from '@routed/docker-engine';
import { type Ipam, openIpam } from '@routed/ipam';
import { type Handler, type MethodName, parseRequest, type ReplyOf } from '@routed/plugin-protocol';
import type { RouterLines } from '@routed/quagga/show';
import { memoryUndoLog } from '@routed/store';
import type { DriverPorts } from '../../src/assemble.ts';
import { VIRTUAL_GATEWAYS } from '../../src/calls/default-gateways.ts';
import { createDriver, type Driver } from '../../src/create-driver.ts';
import type { DriverReport } from '../../src/reports/daemon-report.ts';
import { forgetContainers } from '../../src/state/forget-containers.ts';
import type { StateDirectory } from '../../src/state/state-directory.ts';
import type { Disk } from './disk.ts';
import type { HostKernel } from './host-kernel.ts';
import type { Life } from './life.ts';

/** What a host has for its plugin. */
export interface PluginSurroundings {
  readonly name: string;
  readonly kernel: HostKernel;
  readonly disk: Disk;
  readonly bootId: string;
  readonly docker: DriverPorts['docker'];
  readonly networks: DockerEngine['networks'];
  readonly engineEvents: DockerEngine['events'];
  readonly isEngineUp: () => Promise<boolean>;
  readonly routers: RouterLines;
  /** Hears of warnings and errors in the log. */
  readonly onLog: (text: string) => void;
}

/** One run of the plugin: the real driver, on a host in memory. */
export class Plugin {
  readonly life: Life;
  readonly #surroundings: PluginSurroundings;
  /** Repairs of the reconciler so far, and errors. */
  repairs: string[] = [];
  /** What it says of containers that got the own address of another one. */
  readonly swaps: string[] = [];
  #driver: Driver | undefined;
  #ipam: Ipam | undefined;
  #isReady = false;
  #report: { readonly atMs: number; readonly report: DriverReport } | undefined;

  constructor(life: Life, surroundings: PluginSurroundings) {
    this.life = life;
    this.#surroundings = surroundings;
  }

  /** Whether it answers calls. */
  get isServing(): boolean {
    return this.#isReady && !this.life.isDead;
  }

  get driver(): Driver {
    if (this.#driver === undefined) throw new Error('the plugin has not started');
    return this.#driver;
  }

  /** Fulfilled when it answers calls; never when it dies before. */
  async start(): Promise<void> {
    const { disk, name, kernel } = this.#surroundings;
    const state = await openState(disk, this.life, this.#surroundings.bootId);
    const logger = this.#logger();
    if (state.isFromEarlierBoot) await forgetContainers(state, logger);
    this.#ipam = await openIpam({ store: state.leases }, { hostIdentity: name });
    const driver = createDriver(this.#ports(state, this.#ipam), {
      gateways: VIRTUAL_GATEWAYS,
      mtuBytes: 1_500,
      version: '0.0.0',
    });
    await driver.load();
    this.#driver = driver;
    const events = { monitor: kernel.monitorFor(this.life), ruleset: undefined };
    const source = { networks: this.#surroundings.networks, driverNames: ['routed'], state };
    const started = driver.start(events, source);
    this.#isReady = true;
    await started;
  }

  /** Ends as at SIGTERM. */
  async stop(): Promise<void> {
    await this.#driver?.stop();
    this.life.end();
  }

  /** One of Docker's calls. Rejects when the plugin dies before it has answered. */
  async call<M extends MethodName>(method: M, request: object): Promise<ReplyOf<M>> {
    const { network, ipam } = this.driver;
    const handler = { ...network, ...ipam }[method] as unknown as Handler<M>;
    return await Promise.race([
      handler(parseRequest(method, JSON.stringify(request))),
      new Promise<never>((_, reject) => this.life.onEnd(() => reject(new Error('the connection broke')))),
    ]);
  }

  /** The addresses leased for containers. */
  leased(): string[] {
    const ipam = this.#ipam;
    const leases = ipam?.pools().flatMap(({ id }) => [...ipam.leases(id)]) ?? [];
    return leases.filter(({ purpose }) => purpose === 'endpoint').map(({ address }) => address);
  }

  /** What it says of itself to operators, once for each moment. */
  report(): DriverReport {
    const atMs = performance.now();
    if (this.#report?.atMs !== atMs) this.#report = { atMs, report: this.driver.operators.status.report() };
    return this.#report.report;
  }

  #ports(state: StateDirectory, ipam: Ipam): DriverPorts {
    const { life } = this;
    const { kernel, docker, engineEvents, isEngineUp, routers, onLog } = this.#surroundings;
    const rtnl = kernel.rtnlFor(life);
    let rules: 'absent' | 'present' = 'absent';
    const install = (what: string) => (): Promise<'installed' | 'present'> =>
      life.pass(what, () => {
        const outcome = rules === 'absent' ? 'installed' : 'present';
        rules = 'present';
        return outcome;
      });
    const quiet = (what: string) => (): Promise<void> => life.pass(what, () => undefined);
    return {
      netns: kernel.netnsFor(life),
      rtnl,
      openTc: () => Promise.resolve(new FakeTrafficControl(kernel.fake)),
      openSandbox: (path) => Promise.reject(new Error(`no sandbox ${path}`)),
      acceptance: {
        ensure: install('accept'),
        remove: quiet('stop accepting'),
        acceptMarked: install('accept marked'),
      },
      policies: {
        read: () => Promise.resolve(undefined),
        write: () => Promise.resolve(),
        hasDockerChain: () => Promise.resolve(false),
      },
      dockerNetworks: { networks: () => Promise.resolve([]) },
      uplinks: new Uplinks({ rtnl }),
      filters: {
        ensure: () => Promise.resolve('present'),
        clear: quiet('clear filters'),
        set: quiet('set filter'),
        remove: quiet('remove filter'),
        list: () => Promise.resolve([]),
        counters: () => Promise.resolve(new Map()),
        open: quiet('open names'),
        close: quiet('close names'),
        attend: quiet('attend names'),
        handDns: () => Promise.resolve('nft'),
        requireUntracked: () => Promise.resolve(),
      },
      connections: {
        forget: quiet('forget connections'),
        forgetRefused: () => Promise.resolve(0),
        mark: quiet('mark connections'),
        count: () => life.pass('count connections', () => new Map(), false),
      },
      marks: {
        ensure: () => life.pass('set marks', () => void (kernel.hasMarks = true)),
        remove: () => life.pass('remove marks', () => void (kernel.hasMarks = false)),
      },
      ipam,
      docker,
      engineEvents,
      isEngineUp,
      routers,
      metrics: {
        countRepair: (kind) => this.repairs.push(kind),
        onError: (error) => onLog(`repair failed: ${String(error)}`),
        observeRound: () => undefined,
        observeWithdrawal: () => undefined,
      },
      state,
      ledger: memoryUndoLog(),
      logger: this.#logger(),
    };
  }

  #logger(): DriverPorts['logger'] {
    const { onLog } = this.#surroundings;
    const tell = (fields: object, text: string): void => {
      if (this.life.isDead) return;
      const { err } = fields as { readonly err?: Error };
      if (text.includes(' has the own address of ')) this.swaps.push(text);
      onLog(err === undefined ? text : `${text}: ${err.message}`);
    };
    return { debug: () => undefined, info: () => undefined, warn: tell, error: tell };
  }
}

async function openState(disk: Disk, life: Life, bootId: string): Promise<StateDirectory> {
  const boots = disk.repository<{ readonly id: 'last'; readonly bootId: string }>(life, 'boots', false);
  const noteBoot = (): Promise<void> => boots.put({ id: 'last', bootId });
  const [last] = await boots.load();
  if (last === undefined) await noteBoot();
  return {
    networks: disk.repository(life, 'networks', true),
    endpoints: disk.repository(life, 'endpoints', false),
    sticky: disk.repository(life, 'sticky', true),
    kept: disk.repository(life, 'kept', true),
    owners: disk.repository(life, 'owners', false),
    drain: disk.repository(life, 'drain', true),
    leases: disk.leases(life),
    isFromEarlierBoot: last !== undefined && last.bootId !== bootId,
    noteBoot,
    isRecoveryDue: false,
    noteRecovery: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
