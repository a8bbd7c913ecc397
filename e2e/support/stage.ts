import { expect } from 'chai';
import { openLab, type Host, type HostSpec, type Lab, type LabProcess, type PluginOptions } from '@routed/lab';
import { eventually } from './eventually.ts';
import { expectNothingOurs } from './kernel.ts';
import { equipShell } from './shell.ts';
import { expectNoTraces, marksOf } from './traces.ts';

/** What a story starts with. */
export interface StageSpec {
  readonly host?: HostSpec;
  /** `none`: the story starts the plugin itself. */
  readonly plugin?: PluginOptions | 'none';
}

/** One host of its own for the stories of a `describe`. */
export interface Stage {
  readonly lab: Lab;
  readonly host: Host;
  /** The plugin that runs now; a story that starts another one puts it here. */
  plugin: LabProcess;
}

/**
 * Gives the surrounding `describe` a host with engine and plugin, and takes it away afterwards: first as an operator
 * does, to see that the plugin leaves nothing on the host, then the lab, to see that nothing is left on the machine.
 * With `ROUTED_E2E_KEEP=1` the host stays instead.
 */
export function setStage(spec: StageSpec = {}): Stage {
  const isKept = process.env['ROUTED_E2E_KEEP'] === '1';
  let lab: Lab | undefined;
  let plugin: LabProcess | undefined;

  before(async function () {
    this.timeout(300_000);
    lab = await openLab({ isStanding: isKept, log: console.log });
    const host = await lab.addHost(spec.host);
    await equipShell(lab, host);
    if (spec.plugin !== 'none') plugin = await host.startPlugin(spec.plugin);
  });

  after(async () => {
    if (lab === undefined) return;
    if (isKept) {
      console.log(`      kept: tools/lab/lab exec --lab ${lab.name} h1 -- bash; later: tools/lab/lab down ${lab.name}`);
      return;
    }
    const marks = marksOf(lab);
    try {
      for (const host of lab.hosts) if (host.engine !== null) await clearAway(host);
    } finally {
      await lab.close();
    }
    // What was killed takes a moment to be gone.
    await eventually(() => {
      expectNoTraces(marks);
    });
  });

  return {
    get lab() {
      return present(lab, 'lab');
    },
    get host() {
      return present(lab?.hosts[0], 'host');
    },
    get plugin() {
      return present(plugin, 'plugin');
    },
    set plugin(started) {
      plugin = started;
    },
  };
}

/** Removes containers and networks as an operator does, and sees that the plugin leaves nothing on the host. */
export async function clearAway(host: Host): Promise<void> {
  const containers = await host.docker('ps', '--all', '--quiet');
  if (containers !== '') await host.docker('rm', '--force', ...containers.split('\n'));
  const networks = (await host.docker('network', 'ls', '--quiet', '--filter', 'type=custom')).split('\n');
  for (const network of networks) if (network !== '') await removeNetwork(host, network);
  await expectNothingOurs(host);
}

async function removeNetwork(host: Host, network: string): Promise<void> {
  const { exitCode, stderr } = await host.tryDocker('network', 'rm', network);
  if (exitCode === 0) return;
  expect(stderr).to.contain('has active endpoints');
  // Docker 20.10 miscounts when many containers end at once, with its own drivers too; a restart counts anew.
  await host.restartEngine();
  await host.docker('network', 'rm', network);
}

function present<T>(thing: T | undefined, name: string): T {
  if (thing === undefined) throw new Error(`the ${name} is there only while tests run`);
  return thing;
}
