import { type Cluster, type ClusterHost, type Host, measureBulk, openCluster } from '@routed/lab';
import { readProcess } from '../process/process-figures.ts';
import { spread } from '../statistics.ts';
import type { Figure, Goal, Outcome, Scenario, Setting } from './scenario.ts';

const routes = { full: 5000, quick: 500 } as const;
const daemons = ['zebra', 'ospfd'] as const;

/** What one round took on one host, in CPU seconds of both daemons. */
type Usage = Readonly<Record<(typeof daemons)[number], number>>;

/** Very many containers at once, as the routers see it: their routes appear in the kernel, and go, while ospfd runs. */
export const routerLoadScenario: Scenario = {
  name: 'router-load',
  title: 'router',
  run: async ({ effort, log }: Setting): Promise<Outcome> => {
    const count = effort.isQuick ? routes.quick : routes.full;
    await using cluster = await openCluster({ hosts: 2, engine: 'none' });
    const [sender, receiver] = cluster.hosts;
    if (sender === undefined || receiver === undefined) throw new RangeError('a cluster of two has two hosts');
    const before = await stateOf(cluster);
    const usage: Record<string, Usage[]> = { sender: [], receiver: [] };
    const knownMs: number[] = [];
    const forgottenMs: number[] = [];
    for (let round = 0; round < effort.rounds; round++) {
      log(`round ${round + 1} of ${effort.rounds}`);
      const atStart = [await usageOf(sender), await usageOf(receiver)] as const;
      const bulk = await measureBulk(cluster, { count });
      knownMs.push(bulk.knownMs);
      forgottenMs.push(bulk.forgottenMs);
      usage['sender']!.push(difference(await usageOf(sender), atStart[0]));
      usage['receiver']!.push(difference(await usageOf(receiver), atStart[1]));
    }
    const after = await stateOf(cluster);
    const situation = `${count.toLocaleString('en')} routes come and go`;
    const times: Figure[] = [
      { ...spread(knownMs), situation, subject: 'other host', name: 'knows all, after they are there', unit: 'ms' },
      { ...spread(forgottenMs), situation, subject: 'other host', name: 'has forgotten all', unit: 'ms' },
    ];
    return { figures: [...times, ...usageFigures(situation, usage)], goals: [steadyGoal(situation, before, after)] };
  },
};

/** measureBulk has seen every route arrive and go, or has thrown: what is left is that nothing was restarted for it. */
function steadyGoal(situation: string, before: string, after: string): Goal {
  return {
    text: `${situation}: no route is lost, no daemon restarted, no adjacency broken`,
    isMet: before === after,
    found: before === after ? 'so it is' : `${before} became ${after}`,
  };
}

/** Which processes run, and how often each adjacency has changed since it began. */
async function stateOf({ hosts }: Cluster): Promise<string> {
  const states = hosts.map(async ({ name, host, router }) => {
    const pids = await Promise.all(daemons.map((daemon) => pidOf(host, daemon)));
    const detail = await router.vtysh('show ip ospf neighbor detail');
    return `${name}: pids ${pids.join(', ')}; ${detail.match(/State is \w+|\d+ state changes/g)?.join(', ') ?? detail}`;
  });
  return (await Promise.all(states)).join('; ');
}

async function usageOf({ host }: ClusterHost): Promise<Usage> {
  const [zebra = NaN, ospfd = NaN] = await Promise.all(
    daemons.map(async (daemon) => readProcess(await pidOf(host, daemon), host.outsidePath('/proc')).cpuSeconds),
  );
  return { zebra, ospfd };
}

/** As seen inside the host. */
async function pidOf(host: Host, daemon: string): Promise<number> {
  const { stdout } = await host.exec(['pgrep', '--exact', daemon]);
  return Number(stdout.trim());
}

function difference(after: Usage, before: Usage): Usage {
  return { zebra: after.zebra - before.zebra, ospfd: after.ospfd - before.ospfd };
}

function usageFigures(situation: string, usage: Readonly<Record<string, readonly Usage[]>>): Figure[] {
  return Object.entries(usage).flatMap(([where, rounds]) =>
    daemons.map((daemon) => ({
      ...spread(rounds.map((round) => round[daemon])),
      situation,
      subject: `${daemon}, ${where === 'sender' ? 'this host' : 'other host'}`,
      name: 'CPU',
      unit: 's',
    })),
  );
}
