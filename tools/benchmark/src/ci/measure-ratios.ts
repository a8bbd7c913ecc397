import type { Lab } from '@routed/lab';
import { runBurst } from '../plugin/burst.ts';
import { untilAnswered } from '../plugin/first-answer.ts';
import { openPluginHost, pluginSocket } from '../plugin/plugin-host.ts';
import { raise } from '../plugin/population.ts';
import { timedCommand } from '../process/timed-command.ts';
import { compare, compareGrowth, type Rounds } from '../statistics.ts';
import { Floor, floorName } from '../subjects/floor.ts';
import { PluginSubject } from '../subjects/plugin-subject.ts';
import { Samples } from '../subjects/samples.ts';

/** What continuous integration watches. Each is a ratio of two things that took turns, and smaller is better. */
export const ratioNames = {
  join: "Join, to the floor's messages for it",
  up: "RequestAddress + CreateEndpoint + Join, to the floor's messages for them",
  cycle: 'all calls of an endpoint, to all messages of the floor',
  parallel: 'time of a cycle with 8 in parallel, to that of the floor',
  growth: "RequestAddress + CreateEndpoint + Join among 1,000, to none: growth beyond the floor's",
  start: 'start of the daemon to its first answer, to "node --eval 0"',
} as const;

export type RatioName = keyof typeof ratioNames;
export type Ratios = Readonly<Record<RatioName, number>>;

const rounds = 7;
const cycles = { paced: 15, parallel: 200, warmUp: 300 } as const;
const live = 1000;

/** Measures every ratio; some 25 s. */
export async function measureRatios(lab: Lab): Promise<Ratios> {
  await using host = await openPluginHost(lab);
  await using floor = await Floor.open(host.host.netnsPath);
  await using plugin = await PluginSubject.open(host);
  await runBurst(host, { parallel: 8, cycles: cycles.warmUp });
  await host.settle();
  const idle = new Samples();
  const parallel = { routed: [] as number[][], floor: [] as number[][] };
  const start = { routed: [] as number[][], node: [] as number[][] };
  for (let round = 0; round < rounds; round++) {
    await takeTurns(idle, plugin, floor, round);
    parallel.routed.push([(await runBurst(host, { parallel: 8, cycles: cycles.parallel })).seconds]);
    await host.settle();
    parallel.floor.push([await floor.burst(8, cycles.parallel)]);
    await floor.settle();
    start.node.push([await timedCommand([process.execPath, '--eval', '0'])]);
    start.routed.push([await timeStart(lab)]);
  }
  await raise(host, live);
  const among = new Samples();
  for (let round = 0; round < rounds; round++) await takeTurns(among, plugin, floor, round);
  const growth = (subject: string): { readonly before: Rounds; readonly after: Rounds } => ({
    before: idle.rounds(subject, 'up'),
    after: among.rounds(subject, 'up'),
  });
  return {
    join: idle.ratio(plugin.name, 'Join')!.median,
    up: idle.ratio(plugin.name, 'up')!.median,
    cycle: compare(idle.rounds(plugin.name, 'all calls'), idle.rounds(floorName, 'all messages')).median,
    parallel: compare(parallel.routed, parallel.floor).median,
    growth: compareGrowth(growth(plugin.name), growth(floorName)).median,
    start: compare(start.routed, start.node).median,
  };
}

async function takeTurns(samples: Samples, plugin: PluginSubject, floor: Floor, round: number): Promise<void> {
  for (let cycle = 0; cycle < cycles.paced; cycle++)
    for (const subject of [plugin, floor]) await samples.take(subject, round);
}

/** Microseconds from the start of a daemon on a host of its own to its first answer. */
async function timeStart(lab: Lab): Promise<number> {
  const host = await lab.addHost({ engine: 'none' });
  const started = performance.now();
  await host.startPlugin({ wait: false });
  await untilAnswered(pluginSocket(host));
  const us = (performance.now() - started) * 1000;
  await host.stop();
  return us;
}
