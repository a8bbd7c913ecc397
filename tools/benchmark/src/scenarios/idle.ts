import { runBurst } from '../plugin/burst.ts';
import { openPluginHost } from '../plugin/plugin-host.ts';
import { readProcess } from '../process/process-figures.ts';
import { atMost } from '../report/goals.ts';
import { Floor } from '../subjects/floor.ts';
import { openPeers } from '../subjects/peers.ts';
import { PluginSubject } from '../subjects/plugin-subject.ts';
import { Samples } from '../subjects/samples.ts';
import type { Goal, Measurement, Outcome, Scenario, Setting } from './scenario.ts';

/** Cycles per round of plugin and floor, and of each peer. */
const cyclesPerRound = { full: { pair: 40, peers: 10 }, quick: { pair: 5, peers: 2 } } as const;
/** Enough for the daemon's hot path to be compiled. */
export const warmUpCycles = 200;

/**
 * One endpoint at a time comes and goes, and nothing is left to the background before the next does: what `docker
 * run` sees. Plugin and floor take turns cycle by cycle; peers come after them in each round.
 */
export const idleScenario: Scenario = {
  name: 'idle',
  title: 'idle host',
  run: async (setting: Setting): Promise<Outcome> => {
    const { lab, effort, log } = setting;
    await using host = await openPluginHost(lab);
    await runBurst(host, { parallel: 1, cycles: effort.isQuick ? 20 : warmUpCycles });
    await host.settle();
    await using floor = await Floor.open(host.host.netnsPath);
    await using peers = await openPeers(host, setting);
    await using plugin = await PluginSubject.open(host);
    const cycles = effort.isQuick ? cyclesPerRound.quick : cyclesPerRound.full;
    const samples = new Samples();
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      for (let cycle = 0; cycle < cycles.pair; cycle++)
        for (const subject of [plugin, floor]) await samples.take(subject, round);
      for (let cycle = 0; cycle < cycles.peers; cycle++) for (const peer of peers) await samples.take(peer, round);
    }
    const measurements = samples.measurements();
    const { residentMb } = readProcess(host.plugin.pid);
    return {
      measurements,
      figures: [{ subject: 'routed', name: 'resident memory', unit: 'MB', value: residentMb }],
      goals: [...speedGoals(measurements), noProgramGoal(plugin)],
    };
  },
};

function speedGoals(measurements: readonly Measurement[]): Goal[] {
  const find = (step: string): Measurement =>
    measurements.find((measurement) => measurement.subject === 'routed' && measurement.step === step)!;
  const join = find('Join').us.p50 / 1000;
  const deletion = find('DeleteEndpoint').us.p50 / 1000;
  return [
    atMost('RequestAddress + CreateEndpoint + Join, idle host: times the floor', 2, find('up').ratio!.median),
    atMost('Join, idle host: ms p50', 2, join),
    atMost('DeleteEndpoint, idle host: ms p50', 1, deletion),
  ];
}

/** What a path spawns, it spawns in every cycle; now and then the daemon looks after the firewall beside it. */
const toleratedShare = 0.1;

function noProgramGoal({ cycles, cyclesWithPrograms }: PluginSubject): Goal {
  return {
    text: 'no process is spawned between RequestAddress and ReleaseAddress',
    isMet: cyclesWithPrograms <= cycles * toleratedShare,
    found: `the daemon ran a program during ${cyclesWithPrograms} of ${cycles} cycles`,
    isHard: true,
  };
}
