import { readProcess } from '../process/process-figures.ts';
import { atMost } from '../report/goals.ts';
import { Contest } from '../subjects/contest.ts';
import type { PluginSubject } from '../subjects/plugin-subject.ts';
import { Samples } from '../subjects/samples.ts';
import type { Figure, Goal, Measurement, Outcome, Scenario, Setting } from './scenario.ts';

const turnsPerRound = { full: { pair: 40, peers: 10 }, quick: { pair: 5, peers: 2 } } as const;

const upCalls = 'RequestAddress + CreateEndpoint + Join';
const downCalls = 'Leave + DeleteEndpoint + ReleaseAddress';

/**
 * One endpoint at a time comes and goes, and nothing is left to the background before the next does: what `docker
 * run` sees. Plugin and floor take turns cycle by cycle; peers come after them in each round.
 */
export const idleScenario: Scenario = {
  name: 'idle',
  title: 'idle host',
  run: async (setting: Setting): Promise<Outcome> => {
    const { effort, log } = setting;
    await using contest = await Contest.open(setting);
    const { host, plugin } = contest;
    const samples = new Samples();
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      await contest.takeTurns(samples, round, effort.isQuick ? turnsPerRound.quick : turnsPerRound.full);
    }
    const measurements = samples.measurements();
    const { residentMb } = readProcess(host.plugin.pid);
    return {
      measurements,
      figures: [
        ...(['up', 'down', 'all calls'] as const).map((step) => serverFigure(samples, step)),
        { subject: 'routed', name: 'resident memory', unit: 'MB', value: residentMb },
      ],
      goals: [...speedGoals(samples, measurements), noProgramGoal(plugin)],
    };
  },
};

function serverFigure(samples: Samples, step: string): Figure {
  const { median: value, min, max } = samples.serverRatio('routed', step);
  return { subject: 'routed', name: `${step}, to the C server`, unit: 'times', value, min, max };
}

function speedGoals(samples: Samples, measurements: readonly Measurement[]): Goal[] {
  const find = (step: string): Measurement =>
    measurements.find((measurement) => measurement.subject === 'routed' && measurement.step === step)!;
  const join = find('Join').us.p50 / 1000;
  const deletion = find('DeleteEndpoint').us.p50 / 1000;
  return [
    atMost(`${upCalls}, idle host: times the C server`, 2, samples.serverRatio('routed', 'up').median),
    atMost(`${downCalls}, idle host: times the C server`, 2, samples.serverRatio('routed', 'down').median),
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
