import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, type ClusterHost, type EngineRelease, type Host, type Lab, startCluster } from '@routed/lab';
import { measurePropagation } from '../benchmark/src/cluster/propagation.ts';
import { expectOutput, Transcript } from './transcript.ts';

const drawing = `
    spine1 (.6)   spine2 (.7)        routers: FRR, with BGP on every line and no addresses but 10.255.0.1 to .7
       |    \\       /    |
       |      \\   /      |
       |        X        |
       |      /   \\      |
       |    /       \\    |
    leaf1 (.4)    leaf2 (.5)
      /   \\            |
 h1 (.1)   h2 (.2)   h3 (.3)         hosts: Docker, routed and FRR
    |         |         |
10.1.0.11 10.1.0.12 10.1.0.13        a container on each, in the network "apps"`;

/** Long enough for pings before and after a failure. */
const pingSec = 6;
const cutAfterMs = 2_000;

interface Scene {
  readonly cluster: Cluster;
  readonly hosts: readonly [ClusterHost, ClusterHost, ClusterHost];
}

/** Three hosts in a fabric of four routers: containers that reach each other, move, and outlive a dead router. */
export async function playCluster(lab: Lab, engine: EngineRelease): Promise<void> {
  process.stdout.write('Starting three hosts with Docker and four routers between them\n');
  const cluster = await startCluster(lab, { protocol: 'bgp-unnumbered', topology: 'leaf-spine', spines: 2, engine });
  const [h1, h2, h3] = cluster.hosts;
  if (h1 === undefined || h2 === undefined || h3 === undefined) throw new RangeError('the cluster has three hosts');
  const scene: Scene = { cluster, hosts: [h1, h2, h3] };
  const docker = h1.host.engine?.version ?? '?';
  process.stdout.write(`${drawing}\n\nDocker ${docker} and FRR ${h1.router.version} run on every host.\n`);

  await showConfiguration(scene);
  await startContainers(scene);
  await showTraffic(scene);
  await measure(scene);
  await move(scene);
  await cutSpine(scene);
}

/** Takes away what {@link playCluster} made, and shows that every router forgets it. */
export async function removeContainers(lab: Lab): Promise<void> {
  const machines = [...lab.hosts].sort((one, other) => one.name.localeCompare(other.name));
  const hosts = machines.filter(({ engine }) => engine !== null);
  on(hosts[0]).heading('Removal: no host, no router remembers');
  for (const host of hosts) {
    await on(host).docker(`rm -f web${host.name.slice(1)}`);
    await on(host).docker('network rm apps');
  }
  for (const host of machines) await on(host).runWhen('ip route show proto bgp', /^$/);
}

function on(host: Host | undefined): Transcript {
  if (host === undefined) throw new RangeError('the lab has no such host');
  return new Transcript(host, process.stdout);
}

async function showConfiguration({ hosts: [h1] }: Scene): Promise<void> {
  const transcript = on(h1.host);
  transcript.heading('What tells the routers: rendered by quagga-config, never touched again');
  await transcript.run('cat /etc/frr/frr.conf', /redistribute kernel route-map EXPORT/);
}

async function startContainers({ hosts }: Scene): Promise<void> {
  on(hosts[0].host).heading('The same network on every host, and a container on each');
  for (const [index, { host }] of hosts.entries()) {
    await on(host).docker('network create -d routed --ipam-driver routed --subnet 10.1.0.0/17 apps');
    await on(host).docker(runLine(index + 1, host.name));
  }
}

function runLine(number: number, hostName: string): string {
  const server = `sh -c 'echo web${number} on ${hostName} > index.html; exec httpd -f'`;
  return `run -d --name web${number} --network apps --ip 10.1.0.1${number} alpine ${server}`;
}

async function showTraffic({ hosts: [h1, , h3] }: Scene): Promise<void> {
  const transcript = on(h1.host);
  transcript.heading('From host to host: each container is a route on every router');
  await transcript.run('ip route show proto 200', /^10\.1\.0\.11 dev vethr/);
  await transcript.runWhen('ip route show proto bgp', /10\.1\.0\.12 [^]*10\.1\.0\.13 /);
  await on(h3.host).runWhen('ip route show proto bgp', /10\.1\.0\.11 [^]*10\.1\.0\.12 /);
  await transcript.docker('exec web1 ping -c 1 -W 2 10.1.0.13');
  await transcript.docker('exec web1 traceroute -n -w 1 -q 1 10.1.0.13');
  const fetch = 'exec web1 wget -q -O - http://10.1.0.13/';
  expectOutput(fetch, await transcript.docker(fetch), /^web3 on h3$/);
}

async function measure({ cluster, hosts: [h1] }: Scene): Promise<void> {
  const transcript = on(h1.host);
  transcript.heading('How fast: from the plugin on h1 to the kernel of h3, over three routers');
  const { joinMs, leaveMs } = await measurePropagation(cluster, { runs: 10, flaps: 0 });
  transcript.say(`A new route was there ${middle(joinMs)} ms after the reply to Docker's Join (median of 10),`);
  transcript.say(`and gone ${middle(leaveMs)} ms after Leave. BGP takes 50 ms on each router; OSPF takes 1 ms in all.`);
}

function middle(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(0);
}

async function move({ hosts: [h1, h2, h3] }: Scene): Promise<void> {
  on(h1.host).heading('An address moves from h1 to h2');
  await on(h1.host).docker('rm -f web1');
  await on(h2.host).runWhen('ip route show 10.1.0.11', /^$/);
  await on(h2.host).docker(runLine(1, 'h2'));
  await on(h3.host).runWhen('ip route show 10.1.0.11', /^10\.1\.0\.11 .*proto bgp/);
  const fetch = 'exec web3 wget -q -O - http://10.1.0.11/';
  expectOutput(fetch, await on(h3.host).docker(fetch), /^web1 on h2$/);
  await on(h2.host).docker('rm -f web1');
  await on(h1.host).runWhen('ip route show 10.1.0.11', /^$/);
  await on(h1.host).docker(runLine(1, 'h1'));
}

async function cutSpine({ cluster, hosts: [h1] }: Scene): Promise<void> {
  const transcript = on(h1.host);
  const routerOf = (name: string): Host | undefined => cluster.switches.find((router) => router.name === name)?.host;
  transcript.heading('A router dies without a word');
  const way = await transcript.docker('exec web1 traceroute -n -w 1 -q 1 10.1.0.13');
  const name = way.includes('10.255.0.6') ? 'spine1' : 'spine2';
  const [leaf, spine] = [routerOf('leaf1'), routerOf(name)];
  if (leaf === undefined || spine === undefined) throw new RangeError(`the fabric has a leaf1 and a ${name}`);
  transcript.say(`The way is over ${name}. leaf1 knows another one:`);
  await on(leaf).runWhen('ip route show 10.1.0.13', /eth3[^]*eth4|eth4[^]*eth3/);

  const line = `exec web1 ping -i 0.1 -w ${pingSec} -q 10.1.0.13`;
  transcript.command(`docker ${line}`);
  const pinging = h1.host.tryDocker(...line.split(' '));
  await sleep(cutAfterMs);
  transcript.say(`     (after ${cutAfterMs / 1_000} s ${name} passes nothing any more; its links stay up)`);
  await Promise.all(['eth1', 'eth2'].map((link) => cluster.lab.cut(spine, link)));
  await on(leaf).runWhen('ip route show 10.1.0.13', /^10\.1\.0\.13 [^\n]* dev eth\d [^\n]*$/);
  const statistics = (await pinging).stdout.trim();
  transcript.output(statistics);
  expectOutput(line, statistics, /\b\d+ packets received, \d\d?% packet loss/);

  await Promise.all(['eth1', 'eth2'].map((link) => cluster.lab.restore(spine, link)));
  await cluster.untilConverged();
  transcript.say(`${name} is back:`);
  await on(leaf).runWhen('ip route show 10.1.0.13', /eth3[^]*eth4|eth4[^]*eth3/);
}
