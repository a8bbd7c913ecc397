import { setTimeout as sleep } from 'node:timers/promises';
import { engineReleases, type EngineRelease, findEngine, type Host } from '@routed/lab';
import { callAdmin } from '../container/admin-call.ts';
import { Arrivals } from '../container/arrivals.ts';
import { FirstWords } from '../container/first-words.ts';
import { Reach } from '../container/reach.ts';
import { pluginOptions } from '../plugin/plugin-host.ts';
import { firstServed } from '../process/first-served.ts';
import { atMost } from '../report/goals.ts';
import { type Rounds, summarize } from '../statistics.ts';
import type { Figure, Goal, Measurement, Outcome, Scenario, Setting } from './scenario.ts';

/** Half of them of each family. */
const additionalCount = 100;
const runsPerRound = { full: 5, quick: 2 } as const;
const addsPerRound = { full: 20, quick: 4 } as const;
/** For what the last container left to the background. */
const restMs = 50;

/**
 * Additional addresses on real engines: how soon containers have them after their link's arrival in the sandbox, how
 * long before the main process runs, and how soon one that an operator adds can be reached.
 */
export const additionalScenario: Scenario = {
  name: 'additional',
  title: 'additional addresses',
  run: async (setting: Setting): Promise<Outcome> => {
    const outcomes: Outcome[] = [];
    for (const release of engineReleases) {
      if ((await findEngine(release)) === null) setting.log(`Docker ${release} is left out: its root is not built yet`);
      else outcomes.push(await firstServed(() => measure(setting, release)));
    }
    return {
      measurements: outcomes.flatMap(({ measurements = [] }) => measurements),
      figures: outcomes.flatMap(({ figures = [] }) => figures),
      goals: outcomes.flatMap(({ goals = [] }) => goals),
    };
  },
};

/** What sees of a host when things happen there. */
interface Watches {
  readonly arrivals: Arrivals;
  readonly words: FirstWords;
  readonly reach: Reach;
}

interface Samples {
  /** Microseconds, by round. */
  readonly presentUs: number[][];
  /** Since Docker's own addresses are there. */
  readonly afterOwnUs: number[][];
  readonly leadUs: number[][];
  readonly reachedUs: number[][];
  readonly repliedUs: number[][];
  readonly removedUs: number[][];
}

async function measure({ lab, effort, log }: Setting, engine: EngineRelease): Promise<Outcome> {
  const host = await lab.addHost({ engine });
  await host.startPlugin(pluginOptions());
  const pools = ['--subnet', '10.1.0.0/16', '--ipv6', '--subnet', 'fd00:1::/64'];
  await host.docker('network', 'create', '--driver', 'routed', '--ipam-driver', 'routed', ...pools, 'bench');
  await host.docker('run', '--detach', '--name', 'web', '--network', 'bench', 'alpine', 'httpd', '-f', '-p', '80');
  const samples: Samples = { presentUs: [], afterOwnUs: [], leadUs: [], reachedUs: [], repliedUs: [], removedUs: [] };
  await using arrivals = await Arrivals.open(host);
  using words = await FirstWords.open(host);
  using reach = new Reach(host);
  const watches = { arrivals, words, reach };
  for (let round = 0; round < effort.rounds; round++) {
    log(`Docker ${engine}, round ${round + 1} of ${effort.rounds}`);
    await startContainers(host, watches, samples, effort.isQuick ? runsPerRound.quick : runsPerRound.full);
    await addAddresses(host, watches, samples, effort.isQuick ? addsPerRound.quick : addsPerRound.full);
  }
  await host.stop();
  return evaluate(`Docker ${engine}`, samples);
}

async function startContainers(
  host: Host,
  { arrivals, words }: Watches,
  { presentUs, afterOwnUs, leadUs }: Samples,
  runs: number,
): Promise<void> {
  const [present, after, lead]: [number[], number[], number[]] = [[], [], []];
  const option = `driver-opt=routed.addresses=${someAddresses().join('+')}`;
  for (let run = 0; run < runs; run++) {
    await sleep(restMs);
    const [{ linkAt, ownAt, completeAt }, speaksAt] = await Promise.all([
      arrivals.next({ own: 2, additional: additionalCount }),
      words.next(),
      host.docker('run', '--rm', ...words.mount, '--network', `name=bench,${option}`, ...words.command),
    ]);
    present.push((completeAt - linkAt) * 1000);
    after.push((completeAt - ownAt) * 1000);
    lead.push((speaksAt - completeAt) * 1000);
  }
  presentUs.push(present);
  afterOwnUs.push(after);
  leadUs.push(lead);
}

async function addAddresses(
  host: Host,
  { reach }: Watches,
  { reachedUs, repliedUs, removedUs }: Samples,
  count: number,
): Promise<void> {
  const [reached, replied, removed]: [number[], number[], number[]] = [[], [], []];
  for (let index = 0; index < count; index++) {
    const address = `10.1.3.${index + 1}`;
    const untilReached = await reach.try(address);
    const started = process.hrtime.bigint();
    await callAdmin(host, 'POST', '/v1/containers/web/addresses', { address });
    replied.push(Number(process.hrtime.bigint() - started) / 1000);
    reached.push(Number((await untilReached()) - started) / 1000);
    await sleep(restMs);
    const removing = process.hrtime.bigint();
    await callAdmin(host, 'DELETE', `/v1/containers/web/addresses/${address}`);
    removed.push(Number(process.hrtime.bigint() - removing) / 1000);
    await sleep(restMs);
  }
  reachedUs.push(reached);
  repliedUs.push(replied);
  removedUs.push(removed);
}

function someAddresses(): readonly string[] {
  return Array.from({ length: additionalCount }, (_, index) =>
    index % 2 === 0 ? `10.1.2.${index}` : `fd00:1::2:${index}`,
  );
}

function evaluate(situation: string, samples: Samples): Outcome {
  const { presentUs, afterOwnUs, leadUs, reachedUs, repliedUs, removedUs } = samples;
  const measurement = (step: string, rounds: Rounds): Measurement => {
    return { situation, subject: 'routed', step, us: summarize(rounds) };
  };
  const afterOwn = measurement(`${additionalCount} present, after Docker's own addresses`, afterOwnUs);
  const reached = measurement('address add, until reached from the host', reachedUs);
  const removed = measurement('address remove, reply', removedUs);
  const late = leadUs.flat().filter((us) => us < 0).length;
  const figure: Figure = { situation, subject: 'routed', name: 'containers that ran before', unit: '', value: late };
  const goals: readonly Goal[] = [
    atMost(`${additionalCount} present after Docker's own addresses, ${situation}: ms p50`, 10, afterOwn.us.p50 / 1000),
    atMost(`address add until reached, ${situation}: ms p50`, 5, reached.us.p50 / 1000),
    atMost(`address remove, ${situation}: ms p50`, 5, removed.us.p50 / 1000),
  ];
  return {
    measurements: [
      measurement(`${additionalCount} present, after the link's arrival`, presentUs),
      afterOwn,
      measurement('present before the main process runs', leadUs),
      reached,
      measurement('address add, reply', repliedUs),
      removed,
    ],
    figures: [figure],
    goals,
  };
}
