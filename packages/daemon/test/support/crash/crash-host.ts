import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createEndpointFilters, type EndpointFilters, runCommand } from '@routed/netfilter';
import { type Netns, openNetns, type Rtnl } from '@routed/netns';
import { openNfnetlink } from '@routed/netns/nfnetlink';
import { DaemonProcess } from './daemon-process.ts';

const run = promisify(execFile);
const PROTOCOL = 200;
const BLOCK_PROTOCOL = 201;
const LOG_TAIL = 3_000;

/** What of the daemon is on a host: kernel and store. */
export interface Traces {
  readonly links: readonly string[];
  readonly routes: readonly string[];
  /** The routes of blocks. */
  readonly blocks: readonly string[];
  readonly rules: readonly string[];
  readonly addresses: readonly string[];
  readonly neighbours: readonly string[];
  readonly filters: readonly string[];
  readonly records: Readonly<Record<string, unknown>>;
}

/** Kept by a process that ends with this one. */
interface Namespace {
  readonly keeper: ChildProcess;
  readonly pid: number;
  readonly netns: Netns;
  readonly rtnl: Rtnl;
}

/** A host of its own for one daemon after the other, with one namespace for containers. */
export class CrashHost {
  readonly directory: string;
  readonly #main: string;
  readonly #host: Namespace;
  readonly #sandbox: Namespace;
  readonly #filters: EndpointFilters;
  readonly #closeFilters: () => Promise<void>;
  daemon: DaemonProcess;

  private constructor(parts: {
    readonly main: string;
    readonly directory: string;
    readonly host: Namespace;
    readonly sandbox: Namespace;
    readonly filters: EndpointFilters;
    readonly closeFilters: () => Promise<void>;
    readonly daemon: DaemonProcess;
  }) {
    this.#main = parts.main;
    this.directory = parts.directory;
    this.#host = parts.host;
    this.#sandbox = parts.sandbox;
    this.#filters = parts.filters;
    this.#closeFilters = parts.closeFilters;
    this.daemon = parts.daemon;
  }

  static async open(main: string): Promise<CrashHost> {
    const directory = await mkdtemp(join(tmpdir(), 'routed-crash-'));
    const [host, sandbox] = await Promise.all([openNamespace(), openNamespace()]);
    await run('nsenter', ['--net', '-t', String(host.pid), 'sh', '-c', UPLINK]);
    const nfnetlink = await openNfnetlink({ netns: host.netns });
    const filters = createEndpointFilters({ nfnetlink, run: runCommand }, { table: 'routed', linkPrefix: 'vethr' });
    const daemon = await DaemonProcess.start({ main, netnsPid: host.pid, directory });
    return new CrashHost({ main, directory, host, sandbox, filters, closeFilters: () => nfnetlink.close(), daemon });
  }

  get socketPath(): string {
    return join(this.directory, 'routed.sock');
  }

  get rtnl(): Rtnl {
    return this.#host.rtnl;
  }

  get netns(): Netns {
    return this.#host.netns;
  }

  /** The namespace that containers are in, one at a time. */
  get sandbox(): { readonly netns: Netns; readonly rtnl: Rtnl } {
    return this.#sandbox;
  }

  /** A name for the containers' namespace, as Docker has a new one for each container. */
  async nameSandbox(name: string): Promise<string> {
    const path = join(this.directory, name);
    await symlink(`/proc/${this.#sandbox.pid}/ns/net`, path);
    return path;
  }

  /** The next daemon, once this one is dead. */
  async startNext(): Promise<void> {
    await this.daemon.ended;
    this.daemon = await DaemonProcess.start({ main: this.#main, netnsPid: this.#host.pid, directory: this.directory });
  }

  /** Whether an address answers the host. */
  async ping(address: string): Promise<boolean> {
    const ping = ['ping', '-c', '1', '-w', '5', '-i', '0.1', address];
    const result = await runCommand(['nsenter', '--net', '-t', String(this.#host.pid), ...ping]);
    return result?.exitCode === 0;
  }

  async traces(): Promise<Traces> {
    const { links, routes, rules, addresses, neighbours } = this.rtnl;
    const [allLinks, allRoutes, blocks, allRules, allAddresses, allNeighbours, filters, records] = await Promise.all([
      links.list(),
      routes.list({ protocol: PROTOCOL }),
      routes.list({ protocol: BLOCK_PROTOCOL }),
      rules.list({ protocol: PROTOCOL }),
      addresses.list(),
      neighbours.list(),
      this.#filters.list(),
      this.daemon.records(),
    ]);
    return {
      links: allLinks.map(({ name }) => name).filter((name) => /^(veth|ifbr-)/.test(name)),
      routes: allRoutes.map(({ destination }) => destination).sort(),
      blocks: blocks.map(({ type, destination }) => `${type} ${destination}`).sort(),
      rules: allRules.map(({ priority, destination }) => `${priority} ${destination ?? ''}`).sort(),
      addresses: allAddresses.filter(({ protocol }) => protocol === PROTOCOL).map(({ address }) => address),
      neighbours: allNeighbours.filter(({ isPermanent }) => isPermanent).map(({ address }) => address),
      filters,
      // What it notes of itself is in no table.
      records: Object.fromEntries(Object.entries(records).filter(([key]) => key.startsWith('!'))),
    };
  }

  /** The firewall rules that name our links or tables. */
  async firewall(): Promise<string[]> {
    const look = 'nft list tables; iptables-save; ip6tables-save';
    const { stdout } = await run('nsenter', ['--net', '-t', String(this.#host.pid), 'sh', '-c', look]);
    return stdout.split('\n').filter((line) => /vethr|routed|ROUTED/.test(line));
  }

  /** What the host has of ours, or because of us, beyond {@link traces}: as it was before the first network, so after the last. */
  async settings(): Promise<readonly string[]> {
    const sysctls = HOST_SYSCTLS.map((key) => `${key}=$(cat /proc/sys/${key})`).join('\n');
    const look = `echo "${sysctls}"; for program in iptables ip6tables; do echo $program; $program -S FORWARD; done`;
    const { stdout } = await run('nsenter', ['--net', '-t', String(this.#host.pid), 'sh', '-c', look]);
    const { addresses, rules } = this.rtnl;
    const [loopback, all] = await Promise.all([addresses.list({ linkIndex: 1 }), rules.list()]);
    return [
      ...(await this.firewall()),
      ...stdout.split('\n'),
      ...loopback.map(({ address }) => `lo ${address}`),
      ...all.map(({ priority, destination, table }) => `rule ${priority} ${destination ?? ''} ${table}`),
    ];
  }

  async logTail(): Promise<string> {
    return (await readFile(join(this.directory, 'log'), 'utf8')).slice(-LOG_TAIL);
  }

  async close(): Promise<void> {
    await this.daemon.stop();
    await this.#closeFilters();
    for (const { rtnl, netns, keeper } of [this.#host, this.#sandbox]) {
      await rtnl.close();
      await netns.close();
      keeper.kill('SIGKILL');
    }
    await rm(this.directory, { recursive: true });
  }
}

/** What the daemon changes for networks. */
const HOST_SYSCTLS = ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding', 'net/ipv6/conf/up0/accept_ra'];
const UPLINK =
  'ip link add up0 type veth peer name up1; ip link set up1 up; ip address add 10.9.0.1/24 dev up0; ip link set up0 up';

async function openNamespace(): Promise<Namespace> {
  const keeper = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up; echo ready; exec cat']);
  await Promise.race([
    once(keeper.stdout, 'data'),
    once(keeper, 'exit').then(([code]) => {
      throw new Error(`unshare exited with ${String(code)}: run these tests as root`);
    }),
  ]);
  const pid = keeper.pid ?? 0;
  const netns = await openNetns({ pid });
  return { keeper, pid, netns, rtnl: await netns.openRtnl() };
}
