import { runBurst } from '../plugin/burst.ts';
import { openPluginHost, type PluginHost } from '../plugin/plugin-host.ts';
import type { Setting } from '../scenarios/scenario.ts';
import { CniPtp } from './cni-ptp.ts';
import { FloorServer } from './floor-server.ts';
import { Floor } from './floor.ts';
import { IpBatch } from './ip-batch.ts';
import { PluginSubject } from './plugin-subject.ts';
import type { Samples } from './samples.ts';
import type { Subject } from './subject.ts';

/** Enough for the daemon's hot path to be compiled. */
const warmUpCycles = { full: 200, quick: 20 } as const;

/** How many cycles of plugin and floor, and of each peer. */
export interface Turns {
  readonly pair: number;
  readonly peers: number;
}

/** A host on which the plugin and everything else that can make an endpoint take turns. */
export class Contest implements AsyncDisposable {
  readonly host: PluginHost;
  readonly plugin: PluginSubject;
  /** What the plugin takes turns with; the first outlives the others. */
  readonly #floors: readonly [Floor, FloorServer];
  readonly #peers: readonly Subject[];

  private constructor(
    host: PluginHost,
    plugin: PluginSubject,
    floor: Floor,
    server: FloorServer,
    peers: readonly Subject[],
  ) {
    this.host = host;
    this.plugin = plugin;
    this.#floors = [floor, server];
    this.#peers = peers;
  }

  /** The daemon is warm then. */
  static async open({ lab, effort, log }: Setting): Promise<Contest> {
    const host = await openPluginHost(lab);
    await runBurst(host, { parallel: 1, cycles: effort.isQuick ? warmUpCycles.quick : warmUpCycles.full });
    await host.settle();
    const { netnsPath } = host.host;
    const cni = await CniPtp.open(lab, host.host);
    if (cni === undefined) log('CNI ptp is left out: containernetworking-plugins is not installed');
    const peers = [new IpBatch(netnsPath), ...(cni === undefined ? [] : [cni])];
    const floor = await Floor.open(netnsPath);
    return new Contest(host, await PluginSubject.open(host), floor, await FloorServer.open(floor), peers);
  }

  /** Plugin and floors in turns, cycle by cycle; then the peers, whose processes leave cold caches to whatever comes next. */
  async takeTurns(samples: Samples, round: number, turns: Turns): Promise<void> {
    for (let cycle = 0; cycle < turns.pair; cycle++)
      for (const subject of [this.plugin, ...this.#floors]) await samples.take(subject, round);
    for (let cycle = 0; cycle < turns.peers; cycle++) for (const peer of this.#peers) await samples.take(peer, round);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const [floor, server] = this.#floors;
    for (const subject of [...this.#peers, this.plugin, server, floor, this.host]) await subject[Symbol.asyncDispose]();
  }
}
