import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CommandError, type EngineRelease, LabError, type Lab, openLab } from '@routed/lab';
import { playCluster, removeContainers } from './cluster-story.ts';
import { playClassicCommands, playRecommendedForm, removeRecommended, type Stage, startPlugin } from './story.ts';
import { DemonstrationError, Transcript } from './transcript.ts';

/** Name of the lab that `--keep` leaves. */
const keptLab = 'demo';

/** Ctrl-C, or another signal that ends a program. */
class Interruption extends Error {
  override readonly name = 'Interruption';
}

/** Rejects when somebody wants the demonstration to end. */
function interruption(): Promise<never> {
  return new Promise((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => reject(new Interruption(`ended by ${signal}`)));
    }
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What is played: one host, or several and the routers between them. */
type Play = (lab: Lab, engine: EngineRelease, isKept: boolean) => Promise<void>;

const playHosts: Play = async (lab, engine, isKept) => {
  await playCluster(lab, engine);
  if (!isKept) await removeContainers(lab);
};

const playHost: Play = async (lab, engine, isKept) => {
  const host = await lab.addHost({ engine });
  const transcript = new Transcript(host, process.stdout);
  const labCommand = join(import.meta.dirname, '../lab/lab');
  const stage: Stage = { host, transcript, docker: [labCommand, 'docker', '--lab', lab.name, host.name] };
  transcript.say(`Docker ${host.engine?.version ?? '?'} runs on ${host.name}, a host in namespaces of this machine.`);

  const calls = await startPlugin(stage);
  await playClassicCommands(stage, calls);
  await playRecommendedForm(stage);
  if (!isKept) await removeRecommended(stage);
};

const keptHelp = `
== The host stays: container "one" runs in network "apps"
tools/lab/lab docker h1 run --rm -ti --network apps alpine sh
tools/lab/lab exec h1 ip route show proto 200
tools/lab/lab exec h1 bash            a shell on the host; docker works in it
tail -f LOG
tools/lab/lab down ${keptLab}               removes all of it`;

const keptClusterHelp = `
== The hosts stay: container "web1" runs on h1, "web2" on h2, "web3" on h3
tools/lab/lab docker h1 run --rm -ti --network apps --ip 10.1.0.21 alpine sh
tools/lab/lab exec spine1 vtysh       the shell of a router; h1 to h3, leaf1, leaf2 and spine2 have one, too
tools/lab/lab exec h3 ip route show proto bgp
tools/lab/lab down ${keptLab}               removes all of it`;

const nextHelp = `
== What to try next
tools/demo --keep                     leaves the host running and says how to use it
tools/demo --engine 28                the same on Docker 28 (26 as well)
tools/demo --hosts 3                  three hosts and four routers, a move and a failure
tools/lab/lab up --hosts 2 --plugin   two hosts on one wire (tools/lab/README.md)
README.md, "On a machine with its own Docker"`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      keep: { type: 'boolean', default: false },
      engine: { type: 'string', default: '20.10' },
      hosts: { type: 'string', default: '1' },
    },
  });
  const isKept = values.keep;
  // tools/demo has checked both numbers.
  const isCluster = values.hosts === '3';
  const play = isCluster ? playHosts : playHost;
  const ended = interruption();
  const lab = await openLab({ log: say, isStanding: isKept, ...(isKept ? { name: keptLab } : {}) });
  try {
    await Promise.race([play(lab, values.engine as EngineRelease, isKept), ended]);
  } catch (error) {
    await lab.close();
    say(
      `\nStopped half-way; ${isCluster ? 'the hosts are gone, with all that was on them' : 'the host is gone, with all that was on it'}.`,
    );
    throw error;
  }
  if (isKept) {
    say(isCluster ? keptClusterHelp : keptHelp.replace('LOG', join(lab.directory, 'h1/plugin.log')));
    return;
  }
  await lab.close();
  say(
    `\n${isCluster ? 'The hosts are gone, with all that was on them' : 'The host is gone, with all that was on it'}.\n${nextHelp}`,
  );
}

try {
  await main();
  process.exit(0);
} catch (error) {
  const isExpected = [Interruption, DemonstrationError, CommandError, LabError].some((kind) => error instanceof kind);
  const text = isExpected ? (error as Error).message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`tools/demo: ${text}\n`);
  process.exit(error instanceof Interruption ? 130 : 1);
}
