import type { Lab } from '@routed/lab';
import { runBurst } from '../plugin/burst.ts';
import { untilAnswered } from '../plugin/first-answer.ts';
import { openPluginHost, pluginOptions, pluginProgram, pluginSocket, type PluginHost } from '../plugin/plugin-host.ts';
import { raise } from '../plugin/population.ts';
import { timedCommand } from '../process/timed-command.ts';
import { compare, compareGrowth, type Rounds } from '../statistics.ts';
import { FloorServer } from '../subjects/floor-server.ts';
import { Floor, floorName } from '../subjects/floor.ts';
import { PluginSubject } from '../subjects/plugin-subject.ts';
import { Samples } from '../subjects/samples.ts';

/** What continuous integration watches. Each is a ratio of two things that took turns, and smaller is better. */
export const ratioNames = {
  join: "Join, to the floor's messages for it",
  up: "RequestAddress + CreateEndpoint + Join, to the floor's messages for them",
  cycle: 'all calls of an endpoint, to all messages of the floor',
  parallel: 'time of a cycle with 8 in parallel, to that of the floor',
  upServer: "RequestAddress + CreateEndpoint + Join, to the C server's",
  downServer: "Leave + DeleteEndpoint + ReleaseAddress, to the C server's",
  growth: "RequestAddress + CreateEndpoint + Join among 1,000, to none: growth beyond the floor's",
  start: 'start of the daemon to its first answer, to "node --eval 0"',
  command: '"routed-plugin status", as packages have it, until it knows that no daemon answers, to "node --eval 0"',
} as const;

export type RatioName = keyof typeof ratioNames;
export type Ratios = Readonly<Record<RatioName, number>>;

/** A command that loads what every command loads, and the shape of a long answer. */
const COMMAND = [process.execPath, pluginProgram(), 'status', '--admin-socket', '/nonexistent/admin.sock'];
const NOBODY_ANSWERS = 69;

const rounds = 7;
const cycles = { paced: 15, parallel: 200, warmUp: 1500 } as const;
const live = 1000;

/** Measures every ratio; some 25 s. */
export async function measureRatios(lab: Lab): Promise<Ratios> {
  await using idle = await Place.open(lab, 0);
  await using among = await Place.open(lab, live);
  const parallel = { routed: [] as number[][], floor: [] as number[][] };
  const start = { routed: [] as number[][], node: [] as number[][], command: [] as number[][] };
  for (let round = 0; round < rounds; round++) {
    await idle.takeTurns(round);
    await among.takeTurns(round);
    const burst = await idle.burst();
    parallel.routed.push([burst.routed]);
    parallel.floor.push([burst.floor]);
    start.node.push([await timedCommand([process.execPath, '--eval', '0'])]);
    start.routed.push([await timeStart(lab)]);
    start.command.push([await timedCommand(COMMAND, { exitCode: NOBODY_ANSWERS })]);
  }
  const growth = (subject: string): { readonly before: Rounds; readonly after: Rounds } => ({
    before: idle.samples.rounds(subject, 'up'),
    after: among.samples.rounds(subject, 'up'),
  });
  const routed = 'routed';
  return {
    join: idle.samples.ratio(routed, 'Join')!.median,
    up: idle.samples.ratio(routed, 'up')!.median,
    cycle: compare(idle.samples.rounds(routed, 'all calls'), idle.samples.rounds(floorName, 'all messages')).median,
    upServer: idle.samples.serverRatio(routed, 'up').median,
    downServer: idle.samples.serverRatio(routed, 'down').median,
    parallel: compare(parallel.routed, parallel.floor).median,
    growth: compareGrowth(growth(routed), growth(floorName)).median,
    start: compare(start.routed, start.node).median,
    command: compare(start.command, start.node).median,
  };
}

/** A host with so many endpoints that stay, and plugin and floor working among them. */
class Place implements AsyncDisposable {
  readonly samples: Samples = new Samples();
  readonly #host: PluginHost;
  readonly #plugin: PluginSubject;
  readonly #floor: Floor;
  readonly #server: FloorServer;

  private constructor(host: PluginHost, plugin: PluginSubject, floor: Floor, server: FloorServer) {
    this.#host = host;
    this.#plugin = plugin;
    this.#floor = floor;
    this.#server = server;
  }

  /** Every daemon has made as many endpoints before, so that all run the same machine code. */
  static async open(lab: Lab, live: number): Promise<Place> {
    const host = await openPluginHost(lab);
    await raise(host, live);
    await runBurst(host, { parallel: 8, cycles: cycles.warmUp - live });
    await host.settle();
    const floor = await Floor.open(host.host.netnsPath);
    return new Place(host, await PluginSubject.open(host), floor, await FloorServer.open(floor));
  }

  async takeTurns(round: number): Promise<void> {
    for (let cycle = 0; cycle < cycles.paced; cycle++)
      for (const subject of [this.#plugin, this.#floor, this.#server]) await this.samples.take(subject, round);
  }

  /** Seconds of many cycles without pause. */
  async burst(): Promise<{ readonly routed: number; readonly floor: number }> {
    const { seconds: routed } = await runBurst(this.#host, { parallel: 8, cycles: cycles.parallel });
    await this.#host.settle();
    const floor = await this.#floor.burst(8, cycles.parallel);
    await this.#floor.settle();
    return { routed, floor };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#floor[Symbol.asyncDispose]();
    await this.#plugin[Symbol.asyncDispose]();
    await this.#host[Symbol.asyncDispose]();
  }
}

/** Microseconds from the start of a daemon on a host of its own to its first answer. */
async function timeStart(lab: Lab): Promise<number> {
  const host = await lab.addHost({ engine: 'none' });
  const started = performance.now();
  await host.startPlugin({ ...pluginOptions(), wait: false });
  await untilAnswered(pluginSocket(host));
  const us = (performance.now() - started) * 1000;
  await host.stop();
  return us;
}
