import type { Host, Lab } from '@routed/lab';
import type { Program } from '../netlink/program.ts';
import { pluginOptions } from '../plugin/plugin-host.ts';
import { firstServed } from '../process/first-served.ts';
import { bridgeLink, type NetworkPlan, networkPlans, type Subject, subjects } from './subjects.ts';
import { type Path, Traffic } from './traffic.ts';

/** Where the two ends are. */
export const situations = ['one host', 'between hosts'] as const;
export type Situation = (typeof situations)[number];

/** Containers of a subject on a host, by number. */
const container = { client: 1, server: 2 } as const;
type End = keyof typeof container;

/** Two hosts on one wire, with Docker and the plugin, and programs in containers of each subject. */
export class PacketStage implements AsyncDisposable {
  readonly #traffic: Traffic;
  readonly #programs: Program[] = [];
  readonly #paths = new Map<Subject, Readonly<Record<Situation, Path>>>();

  private constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  /** Subjects that this version does not know are left out, and told of. */
  static async open(lab: Lab, log: (line: string) => void): Promise<PacketStage> {
    const stage = new PacketStage(await Traffic.compile());
    const hosts = await firstServed(() => openHosts(lab, log));
    for (const subject of subjects) if (hosts.every((host) => host.has(subject))) await stage.#open(subject, hosts);
    return stage;
  }

  get subjects(): readonly Subject[] {
    return [...this.#paths.keys()];
  }

  path(subject: Subject, situation: Situation): Path {
    return this.#paths.get(subject)![situation];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program[Symbol.asyncDispose]();
    await this.#traffic[Symbol.asyncDispose]();
  }

  async #open(subject: Subject, [near, far]: Hosts): Promise<void> {
    const client = this.#start(await near.netnsOf(subject, 'client'), 'measure');
    const [nearServer, farServer] = [
      this.#start(await near.netnsOf(subject, 'server'), 'serve'),
      this.#start(await far.netnsOf(subject, 'server'), 'serve'),
    ];
    // Each listens when it answers.
    for (const program of [client, nearServer, farServer]) await program.ask('cpu');
    this.#paths.set(subject, {
      'one host': { client, server: nearServer, address: near.address(subject, 'server') },
      'between hosts': { client, server: farServer, address: far.address(subject, 'server') },
    });
  }

  #start(netnsPath: string, end: 'serve' | 'measure'): Program {
    const program = this.#traffic.start(netnsPath, end);
    this.#programs.push(program);
    return program;
  }
}

type Hosts = readonly [near: PacketHost, far: PacketHost];

async function openHosts(lab: Lab, log: (line: string) => void): Promise<Hosts> {
  const [near, far] = [await PacketHost.open(lab, 1, log), await PacketHost.open(lab, 2, log)];
  await near.routeTo(far);
  await far.routeTo(near);
  return [near, far];
}

class PacketHost {
  readonly #host: Host;
  readonly #number: number;
  readonly #networks: readonly NetworkPlan[];

  private constructor(host: Host, number: number, networks: readonly NetworkPlan[]) {
    this.#host = host;
    this.#number = number;
    this.#networks = networks;
  }

  /** With the networks and the containers of all subjects. */
  static async open(lab: Lab, number: number, log: (line: string) => void): Promise<PacketHost> {
    const host = await lab.addHost({ uplink: { address: `10.112.11.${number}/24` } });
    await host.startPlugin(pluginOptions());
    const networks: NetworkPlan[] = [];
    for (const plan of networkPlans(number)) if (await createNetwork(host, plan, log)) networks.push(plan);
    await openBridge(host);
    const opened = new PacketHost(host, number, networks);
    for (const subject of subjects) if (opened.has(subject)) await opened.#startContainers(subject);
    return opened;
  }

  has({ network }: Subject): boolean {
    return network === undefined || this.#networks.some(({ name }) => name === network);
  }

  address(subject: Subject, end: End): string {
    return subject.address(this.#number, container[end]);
  }

  /** As a router would. */
  async routeTo(other: PacketHost): Promise<void> {
    const via = other.#host.address!.split('/')[0]!;
    for (const { routed } of other.#networks)
      if (routed !== undefined) await this.#host.exec(['ip', 'route', 'add', routed, 'via', via]);
  }

  /** For programs outside of the host. */
  async netnsOf(subject: Subject, end: End): Promise<string> {
    if (subject.network === undefined) return this.#host.netnsPath;
    const path = await this.#host.docker(...['inspect', '-f', '{{.NetworkSettings.SandboxKey}}', nameOf(subject, end)]);
    return this.#host.outsidePath(path.replace('/var/run/', '/run/'));
  }

  async #startContainers(subject: Subject): Promise<void> {
    const { network, options = {} } = subject;
    if (network === undefined) return;
    for (const end of ['client', 'server'] as const) {
      const settings = [`name=${network}`, `ip=${this.address(subject, end)}`];
      for (const [name, value] of Object.entries(options)) settings.push(`driver-opt=${name}=${value}`);
      const where = ['--network', settings.join(',')];
      await this.#host.docker('run', '--detach', '--name', nameOf(subject, end), ...where, 'alpine', 'sleep', '1d');
    }
  }
}

async function createNetwork(host: Host, plan: NetworkPlan, log: (line: string) => void): Promise<boolean> {
  const { name, createArgs, isOptional = false } = plan;
  const create = ['network', 'create', ...createArgs, name];
  if (!isOptional) await host.docker(...create);
  else {
    const { exitCode, stderr } = await host.tryDocker(...create);
    if (exitCode !== 0) log(`subjects of network ${name} are left out: ${stderr.trim()}`);
    return exitCode === 0;
  }
  return true;
}

/** What Docker adds for a published port, for the whole network: this is what reaches a bridge by a route. */
async function openBridge(host: Host): Promise<void> {
  const rule = ['!', '-i', bridgeLink, '-o', bridgeLink, '-j', 'ACCEPT'];
  await host.exec(['iptables', '--wait', '--insert', 'DOCKER', ...rule]);
}

function nameOf({ name }: Subject, end: End): string {
  return `${name.replaceAll(/\W+/g, '-')}-${end}`;
}
