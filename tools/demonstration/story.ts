import type { Host } from '@routed/lab';
import { ContainerShell } from './container-shell.ts';
import { PluginCalls } from './plugin-calls.ts';
import { expectOutput, type Transcript } from './transcript.ts';

const webServer = (text: string): string => `sh -c 'echo ${text} > index.html; exec httpd -f'`;

/** What the scenes are played on. */
export interface Stage {
  readonly host: Host;
  readonly transcript: Transcript;
  /** The command that stands for `docker` on the host, for use outside of it. */
  readonly docker: readonly string[];
}

/** Starts the plugin; returns how to hear of the calls that Docker makes. */
export async function startPlugin({ host, transcript }: Stage): Promise<PluginCalls> {
  transcript.heading('The plugin');
  transcript.command('routed-plugin --gateway 10.200.0.1 --mtu 1500 --debug &');
  const plugin = await host.startPlugin({ flags: ['--gateway', '10.200.0.1', '--mtu', '1500', '--debug'] });
  await transcript.run(`ls ${host.pluginDir}`, /ipam-routed\.sock\s+net-routed\.sock\s+routed\.sock/);
  return new PluginCalls(plugin);
}

/** The commands that users of the Go plugin know, from the network to nothing. */
export async function playClassicCommands(stage: Stage, calls: PluginCalls): Promise<void> {
  const { transcript } = stage;
  transcript.heading('A network, and a container with an address of its own');
  await calls.next();
  await transcript.docker(
    'network create --internal --driver=net-routed --ipam-driver=ipam-routed --subnet 10.1.0.0/16 mine',
  );
  transcript.say(`Docker called the plugin: ${await calls.next()}`);

  const shell = await ContainerShell.open(stage.docker, 'run -ti --net=mine --ip 10.1.0.2 alpine sh', transcript);
  await shell.run('ip -4 address show eth0', /mtu 1500[^]*inet 10\.1\.0\.2\/32/);
  await shell.run('ip route', /default via 10\.200\.0\.1 dev eth0/);
  transcript.say(`Docker called the plugin: ${await calls.next()}`);

  transcript.heading('Meanwhile on the host: one link, one route');
  await transcript.run('ip route show proto 200', /^10\.1\.0\.2 dev vethr[0-9a-f]{10} scope link/);
  await transcript.run('ping -c 1 -W 2 10.1.0.2', / 0% packet loss/);

  transcript.heading('From container to container: routed by the host, no bridge, no NAT');
  await transcript.docker(`run -d --name web --net=mine --ip 10.1.0.3 alpine ${webServer('hello from 10.1.0.3')}`);
  await shell.run('ping -c 1 -W 2 10.1.0.3', / 0% packet loss/);
  await shell.run('wget -q -O - http://10.1.0.3/', /^hello from 10\.1\.0\.3$/);
  await shell.run('ip neigh show', /^(?![^]*10\.1\.0\.3)[^]*10\.200\.0\.1 dev eth0 lladdr/);
  transcript.say('All of it went through the gateway: the other container is no neighbour on the link.');

  transcript.heading('Removal: the routes first, then the links');
  await shell.exit();
  await transcript.run('ip route show proto 200', /^10\.1\.0\.3 dev \S+ scope link[^\n]*$/);
  await calls.next();
  await transcript.docker('rm -f web');
  transcript.say(`Docker called the plugin: ${await calls.next()}`);
  await removeNetwork(stage, 'mine');
}

/** The recommended form: one name for both drivers, an address chosen by the plugin. */
export async function playRecommendedForm({ transcript }: Stage): Promise<void> {
  transcript.heading('The recommended form: one driver name, no --internal, an address is chosen');
  await transcript.docker('network create -d routed --ipam-driver routed --subnet 10.2.0.0/16 apps');
  await transcript.docker(`run -d --name one --network apps alpine ${webServer('hello from one')}`);
  const inspect = "inspect --format '{{.NetworkSettings.Networks.apps.IPAddress}}' one";
  const address = await transcript.docker(inspect);
  expectOutput(inspect, address, /^10\.2\.\d+\.\d+$/);
  await transcript.run('ip route show proto 200', new RegExp(`^${address} dev vethr\\S+ scope link`));
  await transcript.run(`ping -c 1 -W 2 ${address}`, / 0% packet loss/);
  const fetch = `run --rm --network apps alpine wget -q -O - http://${address}/`;
  expectOutput(fetch, await transcript.docker(fetch), /^hello from one$/);
  await transcript.dockerRefuses(`run --rm --network apps --ip ${address} alpine true`, /in use/);
}

/** Takes away what {@link playRecommendedForm} made. */
export async function removeRecommended(stage: Stage): Promise<void> {
  await stage.transcript.docker('rm -f one');
  await removeNetwork(stage, 'apps');
}

async function removeNetwork({ transcript }: Stage, network: string): Promise<void> {
  await transcript.runWhen('ip route show proto 200', /^$/);
  await transcript.runWhen('ip -brief link show', /^(?![^]*vethr)/);
  await transcript.docker(`network rm ${network}`);
}
