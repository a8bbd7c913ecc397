import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeDeadLabs, removeLab } from './cleanup.ts';
import { DockerEngine } from './docker-engine.ts';
import { prepareEngine, type EngineRelease } from './engines.ts';
import { LabError } from './errors.ts';
import { LabHost, type Host } from './host.ts';
import { Impairments } from './impairments.ts';
import { createLabRecord, writeLabRecord, type HostRecord, type LabRecord } from './lab-state.ts';
import { startKeeper } from './namespace.ts';
import { checkPrerequisites } from './prerequisites.ts';
import { identify } from './process-identity.ts';
import { prepareFrr, type FrrRelease } from './routers.ts';
import { addBridge, attach, openSegment, portName, sharedBridge, type Segment } from './segment.ts';

export interface LabOptions {
  /** Unique on the machine. @default six random characters */
  readonly name?: string;
  /** Told about slow steps, such as building a root file system. */
  readonly log?: (line: string) => void;
  /** The lab outlives this process, until `lab down`. @default false */
  readonly isStanding?: boolean;
}

export interface HostSpec {
  /** At most 14 of a-z, 0-9 and "-"; unique in the lab. @default 'h<n>' */
  readonly name?: string;
  /** @default '20.10' */
  readonly engine?: EngineRelease | 'none';
  /** Routing daemons that {@link Host.startRouter} may start. @default 'none' */
  readonly router?: FrrRelease | 'none';
  /** `eth1`, on the segment which all hosts of a lab share. @default 10.112.11.<n>/24 */
  readonly uplink?: { readonly address?: string; readonly mtuBytes?: number } | 'none';
  /** Gateway on the segment. @default none */
  readonly defaultRoute?: string;
  /** Set before the engine starts; the engine itself switches IPv4 forwarding on. @default false */
  readonly ipForward?: boolean;
  readonly engineFlags?: readonly string[];
  /** The engine manages the host's firewall, as in real life. @default true */
  readonly iptables?: boolean;
  /** @default true */
  readonly startEngine?: boolean;
}

/** One end of a wire. */
export interface LinkSpec {
  readonly host: Host;
  /** Such as `eth2`. */
  readonly link: string;
  /** With prefix length; null for none but the link-local one. */
  readonly address: string | null;
}

/** Hosts on one segment, or wired to each other. Everything they are made of vanishes with {@link Lab.close}, or with this process. */
export interface Lab extends AsyncDisposable {
  readonly name: string;
  /** Logs, state and container layers. */
  readonly directory: string;
  readonly hosts: readonly Host[];
  /** Hosts may be added concurrently. */
  addHost(spec?: HostSpec): Promise<Host>;
  /** Joins two hosts by a wire of their own. When one end goes away the other sees silence, not a lost carrier. */
  addWire(one: LinkSpec, other: LinkSpec): Promise<void>;
  /** The link (`eth1`) passes nothing any more, in either direction; both ends think that it is up. */
  cut(host: Host, link?: string): Promise<void>;
  /** The link loses this share of the packets in each direction. */
  setLoss(host: Host, percent: number, link?: string): Promise<void>;
  /** Ends what {@link Lab.cut} or {@link Lab.setLoss} did to the link. */
  restore(host: Host, link?: string): Promise<void>;
  /** Pid of the segment's namespace, to watch its bridge `br0` (`nsenter --target <pid> --net`). */
  readonly segmentPid: number;
  /** Nothing is left: processes, namespaces, links, mounts, cgroups, files. May be called again. */
  close(): Promise<void>;
}

/**
 * Opens a lab without hosts, and first removes what killed owners of other labs left behind.
 * @throws {@link LabError} `missing-prerequisite`, `name-in-use`
 */
export async function openLab(options: LabOptions = {}): Promise<Lab> {
  checkPrerequisites();
  const { name, log = () => undefined, isStanding = false } = options;
  if (name !== undefined) checkName(name);
  for (const dead of await removeDeadLabs()) log(`removed the remains of lab ${dead}`);
  const record = await createLabRecord(name, isStanding ? null : identify(process.pid));
  try {
    const segment = await openSegment(!isStanding);
    const lab = new NamespaceLab({ ...record, segment: segment.keeper }, segment, log);
    await lab.save();
    return lab;
  } catch (error) {
    await removeLab(record);
    throw error;
  }
}

class NamespaceLab implements Lab {
  readonly #segment: Segment;
  readonly #log: (line: string) => void;
  readonly #hosts: LabHost[] = [];
  #record: LabRecord;
  #saved: Promise<void> = Promise.resolve();
  readonly #impairments: Impairments;
  #hostCount = 0;
  #wireCount = 0;

  constructor(record: LabRecord, segment: Segment, log: (line: string) => void) {
    this.#record = record;
    this.#segment = segment;
    this.#log = log;
    this.#impairments = new Impairments(segment.keeper.pid);
  }

  get name(): string {
    return this.#record.name;
  }

  get directory(): string {
    return this.#record.directory;
  }

  get hosts(): readonly Host[] {
    return this.#hosts;
  }

  get segmentPid(): number {
    return this.#segment.keeper.pid;
  }

  async addHost(spec: HostSpec = {}): Promise<Host> {
    this.#hostCount += 1;
    const number = this.#hostCount;
    const record = await this.#startHost(spec, spec.name ?? `h${number}`);
    const address = await this.#connect(spec, record, number);
    const engine = record.engine === null ? null : this.#createEngine(spec, record);
    const host = new LabHost(record, engine, address);
    this.#hosts.push(host);
    if (engine !== null && spec.startEngine !== false) await engine.start();
    return host;
  }

  async addWire(...ends: readonly [LinkSpec, LinkSpec]): Promise<void> {
    this.#wireCount += 1;
    const bridge = `wire${this.#wireCount}`;
    await addBridge(this.#segment, bridge);
    for (const { host, link, address } of ends) {
      const port = portName(host.name, link);
      await attach(this.#segment, { bridge, hostKeeperPid: host.keeperPid, link, port, address, mtuBytes: 1500 });
    }
  }

  async cut(host: Host, link?: string): Promise<void> {
    await this.setLoss(host, 100, link);
  }

  async setLoss(host: Host, percent: number, link = 'eth1'): Promise<void> {
    await this.#impairments.setLoss(portName(host.name, link), percent);
  }

  async restore(host: Host, link?: string): Promise<void> {
    await this.setLoss(host, 0, link);
  }

  async close(): Promise<void> {
    await this.#saved;
    await removeLab(this.#record);
    this.#hosts.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Writes the record for other processes; concurrent calls write one after the other. */
  async save(): Promise<void> {
    this.#saved = this.#saved.then(() => writeLabRecord(this.#record));
    await this.#saved;
  }

  async #startHost(spec: HostSpec, name: string): Promise<HostRecord> {
    checkName(name);
    if (this.#record.hosts.some((host) => host.name === name)) throw new LabError('name-in-use', `host ${name} exists`);
    const { engine: release = '20.10', router: frrRelease = 'none', ipForward = false } = spec;
    const engine = release === 'none' ? null : await prepareEngine(release, this.#log);
    const router = frrRelease === 'none' ? null : await prepareFrr(frrRelease, this.#log);
    const directory = join(this.directory, name);
    await mkdir(directory);
    const keeper = await startKeeper({
      args: ['host', name, directory, ipForward ? '1' : '0', engine?.root ?? '', router?.root ?? ''],
      isTiedToOwner: this.#record.owner !== null,
    });
    const record = { name, directory, keeper, engine, router };
    this.#record = { ...this.#record, hosts: [...this.#record.hosts, record] };
    await this.save();
    return record;
  }

  async #connect(spec: HostSpec, host: HostRecord, number: number): Promise<string | null> {
    const { uplink = {}, defaultRoute } = spec;
    if (uplink === 'none') return null;
    const { address = `10.112.11.${number}/24`, mtuBytes = 1500 } = uplink;
    await attach(this.#segment, {
      bridge: sharedBridge,
      hostKeeperPid: host.keeper.pid,
      link: 'eth1',
      port: portName(host.name, 'eth1'),
      address,
      mtuBytes,
      gateway: defaultRoute,
    });
    return address;
  }

  #createEngine(spec: HostSpec, host: HostRecord): DockerEngine {
    const { iptables = true, engineFlags = [] } = spec;
    const options = { isFirewallManaged: iptables, flags: engineFlags, log: this.#log };
    return new DockerEngine({ labName: this.name, host, ...options });
  }
}

/** Names become directories, cgroups, host names and interfaces. */
function checkName(name: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,13}$/i.test(name)) {
    throw new RangeError(`"${name}" is no name for a lab or host: at most 14 letters, digits and "-"`);
  }
}
