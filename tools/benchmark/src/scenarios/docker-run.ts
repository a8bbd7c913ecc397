import { setTimeout as sleep } from 'node:timers/promises';
import { engineReleases, type EngineRelease, findEngine, type Host } from '@routed/lab';
import { pluginOptions } from '../plugin/plugin-host.ts';
import { atNormalPriority } from '../process/normal-priority.ts';
import { atMost } from '../report/goals.ts';
import { shuffled } from '../shuffled.ts';
import { compare, type Rounds, summarize } from '../statistics.ts';
import type { Goal, Measurement, Outcome, Scenario, Setting } from './scenario.ts';

const runsPerRound = { full: 4, quick: 1 } as const;
/** For what the last container left to the background. */
const restMs = 50;

/** Networks that a container is started on, and how each is made. */
const networks: readonly (readonly [name: string, createArgs: readonly string[] | undefined])[] = [
  ['none', undefined],
  ['bridge', undefined],
  ['routed', ['--driver', 'routed', '--ipam-driver', 'routed', '--subnet', '10.1.0.0/16']],
  // A bridge of one's own: the default one spares its containers the embedded DNS server.
  ['own bridge', ['--driver', 'bridge', '--subnet', '10.2.0.0/16']],
  ['macvlan', ['--driver', 'macvlan', '--subnet', '10.3.0.0/16', '--opt', 'parent=eth1']],
];

/** Whole containers that do nothing, on each kind of network in turns, by every engine that this machine has at hand. */
export const dockerRunScenario: Scenario = {
  name: 'docker-run',
  title: 'docker run --rm true',
  run: async (setting: Setting): Promise<Outcome> => {
    const outcomes: { readonly measurements: Measurement[]; readonly goals: Goal[] }[] = [];
    for (const release of engineReleases) {
      if ((await findEngine(release)) === null) setting.log(`Docker ${release} is left out: its root is not built yet`);
      else outcomes.push(await atNormalPriority(() => measure(setting, release)));
    }
    return {
      measurements: outcomes.flatMap(({ measurements }) => measurements),
      goals: outcomes.flatMap(({ goals }) => goals),
    };
  },
};

async function measure(
  { lab, effort, log }: Setting,
  engine: EngineRelease,
): Promise<{ readonly measurements: Measurement[]; readonly goals: Goal[] }> {
  const host = await lab.addHost({ engine });
  await host.startPlugin(pluginOptions());
  for (const [name, createArgs] of networks)
    if (createArgs !== undefined) await host.docker('network', 'create', ...createArgs, idOf(name));
  const samples = new Map(networks.map(([name]) => [name, [] as number[][]]));
  for (const [name] of networks) await runOnce(host, name);
  for (let round = 0; round < effort.rounds; round++) {
    log(`Docker ${engine}, round ${round + 1} of ${effort.rounds}`);
    const runs = effort.isQuick ? runsPerRound.quick : runsPerRound.full;
    for (let run = 0; run < runs; run++)
      for (const name of shuffled([...samples.keys()])) {
        await sleep(restMs);
        (samples.get(name)![round] ??= []).push(await runOnce(host, name));
      }
  }
  await host.stop();
  return evaluate(engine, samples);
}

function evaluate(
  engine: EngineRelease,
  samples: ReadonlyMap<string, Rounds>,
): { readonly measurements: Measurement[]; readonly goals: Goal[] } {
  const bridge = samples.get('bridge')!;
  const measurements = [...samples].map(([subject, rounds]) => ({
    situation: `Docker ${engine}`,
    subject,
    step: 'whole command',
    us: summarize(rounds),
    ...(subject === 'bridge' ? {} : { ratio: compare(rounds, bridge) }),
  }));
  const { median } = compare(samples.get('routed')!, bridge);
  return { measurements, goals: [atMost(`docker run on routed, Docker ${engine}: times the bridge's`, 1, median)] };
}

async function runOnce(host: Host, network: string): Promise<number> {
  const started = performance.now();
  await host.docker('run', '--rm', '--network', idOf(network), 'alpine', 'true');
  return (performance.now() - started) * 1000;
}

function idOf(network: string): string {
  return network.replace(' ', '-');
}
