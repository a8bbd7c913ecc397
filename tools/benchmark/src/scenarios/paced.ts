import { openPluginHost, type PluginHost } from '../plugin/plugin-host.ts';
import { readProcess } from '../process/process-figures.ts';
import { compare, summarize, type Rounds } from '../statistics.ts';
import { CniPtp } from '../subjects/cni-ptp.ts';
import { Floor } from '../subjects/floor.ts';
import { IpBatch } from '../subjects/ip-batch.ts';
import { PluginSubject } from '../subjects/plugin-subject.ts';
import type { Subject } from '../subjects/subject.ts';
import { runBurst } from './burst.ts';
import type { Goal, Measurement, Outcome, Scenario, Setting } from './scenario.ts';

/** Cycles per round of plugin and floor, and of each peer. */
const cyclesPerRound = { full: { pair: 40, peers: 10 }, quick: { pair: 5, peers: 2 } } as const;
/** Enough for the daemon's hot path to be compiled. */
const warmUpCycles = 200;

/** Which step of the floor a step of the plugin is compared with. */
const counterparts: Readonly<Record<string, string>> = { Join: 'up', Leave: 'down', up: 'up', down: 'down' };

/**
 * One endpoint at a time comes and goes, and nothing is left to the background before the next does: what `docker
 * run` sees on a host with that many containers. Plugin and floor take turns cycle by cycle.
 */
export function pacedScenario(name: string, title: string, liveEndpoints: number): Scenario {
  return {
    name,
    title,
    run: async (setting) => {
      await using host = await openPluginHost(setting.lab);
      const count = setting.effort.isQuick ? Math.ceil(liveEndpoints / 10) : liveEndpoints;
      if (count > 0) await populate(host, count);
      await runBurst(host, { parallel: 1, cycles: setting.effort.isQuick ? 20 : warmUpCycles });
      await host.settle();
      return await measure(host, setting, count);
    },
  };
}

async function populate(host: PluginHost, count: number): Promise<void> {
  const calls = await host.connect();
  for (let number = 0; number < count; number++) await calls.up();
  calls.close();
}

async function measure(host: PluginHost, setting: Setting, liveEndpoints: number): Promise<Outcome> {
  const { netnsPath } = host.host;
  await using floor = await Floor.open(netnsPath);
  await using cni = await CniPtp.open(setting.lab, host.host);
  await using plugin = await PluginSubject.open(host);
  const peers: Subject[] = [new IpBatch(netnsPath)];
  if (cni !== undefined) peers.push(cni);
  else setting.log('CNI ptp is left out: containernetworking-plugins is not installed');

  const measurements = toMeasurements(await takeTurns([plugin, floor], peers, setting));
  const { residentMb } = readProcess(host.plugin.pid);
  const figures = [{ subject: 'routed', name: 'resident memory', unit: 'MB', value: residentMb }];
  const goals = liveEndpoints === 0 ? speedGoals(measurements) : [];
  return { measurements, figures, goals: [...goals, noProgramGoal(plugin)] };
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

/** Samples by subject and step. */
type Samples = Map<string, Map<string, number[][]>>;

/** Peers come after: their processes would leave cold caches to whatever came next. */
async function takeTurns(
  pair: readonly Subject[],
  peers: readonly Subject[],
  { effort, log }: Setting,
): Promise<Samples> {
  const samples: Samples = new Map();
  const cycles = effort.isQuick ? cyclesPerRound.quick : cyclesPerRound.full;
  for (let round = 0; round < effort.rounds; round++) {
    log(`round ${round + 1} of ${effort.rounds}`);
    for (let cycle = 0; cycle < cycles.pair; cycle++) for (const subject of pair) await sample(subject, round, samples);
    for (let cycle = 0; cycle < cycles.peers; cycle++) for (const peer of peers) await sample(peer, round, samples);
  }
  return samples;
}

async function sample(subject: Subject, round: number, samples: Samples): Promise<void> {
  const timings = { ...(await subject.cycle()), ...(await subject.settle()) };
  const steps = samples.get(subject.name) ?? new Map<string, number[][]>();
  samples.set(subject.name, steps);
  for (const [step, us] of Object.entries(timings)) {
    const rounds = steps.get(step) ?? [];
    steps.set(step, rounds);
    (rounds[round] ??= []).push(us);
  }
}

function toMeasurements(samples: Samples): Measurement[] {
  const floor = samples.get('C floor');
  return [...samples].flatMap(([subject, steps]) =>
    [...steps].map(([step, rounds]: [string, Rounds]) => {
      const reference = subject === 'C floor' ? undefined : floor?.get(counterparts[step] ?? '');
      const ratio = reference === undefined ? {} : { ratio: compare(rounds, reference) };
      return { subject, step, us: summarize(rounds), ...ratio };
    }),
  );
}

/** Most milliseconds at p50 on an idle host. */
const limitsMs = { Join: 2, DeleteEndpoint: 1.5 } as const;

function speedGoals(measurements: readonly Measurement[]): Goal[] {
  return Object.entries(limitsMs).map(([call, limitMs]) => {
    const found = measurements.find(({ subject, step }) => subject === 'routed' && step === call);
    const ms = (found?.us.p50 ?? NaN) / 1000;
    return {
      text: `${call} p50 at most ${limitMs} ms on an idle host`,
      isMet: ms <= limitMs,
      found: `${ms.toFixed(2)} ms`,
    };
  });
}
