import { openPluginHost, type PluginHost } from '../plugin/plugin-host.ts';
import { startProbe, stopProbe } from '../probe/probe.ts';
import { readProcess } from '../process/process-figures.ts';
import { atLeast } from '../report/goals.ts';
import { compare, spread, summarize } from '../statistics.ts';
import { FloorServer, serverName } from '../subjects/floor-server.ts';
import { Floor } from '../subjects/floor.ts';
import { runBurst } from '../plugin/burst.ts';
import type { Goal, Outcome, Scenario, Setting } from './scenario.ts';

const cyclesPerRound = { full: 400, quick: 40 } as const;

const warmUpCycles = 100;

/** Endpoints come and go as fast as they can, so many at a time; plugin and floor take turns round by round. */
export function parallelScenario(parallel: number): Scenario {
  return {
    name: `parallel-${parallel}`,
    title: `${parallel} at a time, without pause`,
    run: async (setting) => {
      await using host = await openPluginHost(setting.lab, { withProbe: true });
      await using floor = await Floor.open(host.host.netnsPath);
      await using server = await FloorServer.open(floor);
      await runBurst(host, { parallel, cycles: warmUpCycles });
      return await measure({ host, floor, server }, parallel, setting);
    },
  };
}

interface Subjects {
  readonly host: PluginHost;
  readonly floor: Floor;
  readonly server: FloorServer;
}

async function measure({ host, floor, server }: Subjects, parallel: number, setting: Setting): Promise<Outcome> {
  const { effort, log } = setting;
  const cycles = effort.isQuick ? cyclesPerRound.quick : cyclesPerRound.full;
  const rates = { routed: [] as number[], floor: [] as number[], server: [] as number[] };
  const joinUs: number[][] = [];
  const cpuUs: number[] = [];
  const delayMs = { p50: [] as number[], p99: [] as number[], max: [] as number[] };
  for (let round = 0; round < effort.rounds; round++) {
    log(`round ${round + 1} of ${effort.rounds}`);
    await startProbe(host.probePath);
    const before = readProcess(host.plugin.pid);
    const burst = await runBurst(host, { parallel, cycles });
    const after = readProcess(host.plugin.pid);
    const probed = await stopProbe(host.probePath);
    await host.settle();
    rates.routed.push(cycles / burst.seconds);
    joinUs.push([...burst.joinUs]);
    cpuUs.push(((after.cpuSeconds - before.cpuSeconds) * 1e6) / cycles);
    delayMs.p50.push(probed.delayMs.p50);
    delayMs.p99.push(probed.delayMs.p99);
    delayMs.max.push(probed.delayMs.max);
    rates.floor.push(cycles / (await floor.burst(parallel, cycles)));
    await floor.settle();
    rates.server.push(cycles / (await runBurst(server, { parallel, cycles })).seconds);
    await floor.settle();
  }
  const ratio = compare(
    rates.routed.map((rate) => [rate]),
    rates.floor.map((rate) => [rate]),
  );
  return {
    measurements: [{ subject: 'routed', step: 'Join', us: summarize(joinUs) }],
    figures: [
      { ...spread(rates.routed), subject: 'routed', name: 'throughput', unit: 'cycles/s', ratio },
      { ...spread(rates.floor), subject: 'C floor', name: 'throughput', unit: 'cycles/s' },
      { ...spread(rates.server), subject: serverName, name: 'throughput', unit: 'cycles/s' },
      { ...spread(cpuUs), subject: 'routed', name: 'CPU, kernel work included', unit: 'us/cycle' },
      { ...spread(delayMs.p50), subject: 'routed', name: 'event-loop delay p50', unit: 'ms' },
      { ...spread(delayMs.p99), subject: 'routed', name: 'event-loop delay p99', unit: 'ms' },
      { ...spread(delayMs.max), subject: 'routed', name: 'event-loop delay max', unit: 'ms' },
      { subject: 'routed', name: 'resident memory', unit: 'MB', value: readProcess(host.plugin.pid).residentMb },
    ],
    goals: [...rateGoal(parallel, spread(rates.routed).value), await noRepairGoal(host, parallel)],
  };
}

function rateGoal(parallel: number, rate: number): Goal[] {
  return parallel === 8 ? [atLeast('cycles per second, 8 in parallel', 300, rate)] : [];
}

/** Nobody but the daemon touches its links here, so a repair is one of its own work. */
async function noRepairGoal({ plugin }: PluginHost, parallel: number): Promise<Goal> {
  const repairs = (await plugin.log()).split('\n').filter((line) => line.includes('"msg":"repaired"')).length;
  return {
    text: `the daemon does not repair what it is itself changing, ${parallel} in parallel`,
    isMet: repairs === 0,
    found: `${repairs} repairs`,
    isHard: true,
  };
}
