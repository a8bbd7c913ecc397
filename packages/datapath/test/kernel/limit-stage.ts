import type { Rtnl } from '@routed/netns';
import { openTrafficControl, type TrafficControl } from '@routed/netns/tc';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { openProgramNamespace, type ProgramNamespace } from '../../../netfilter/test/support/namespace.ts';
import { until } from '../../../netfilter/test/support/until.ts';
import {
  type DesiredEndpoint,
  type Direction,
  EndpointLinks,
  type KernelEndpoint,
  LinkLimits,
  LinkReaper,
  limitLinkNames,
  linkNames,
  planEndpoint,
  planRepairs,
} from '../../src/index.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const MTU_BYTES = 1500;
const SATURATE = ['perl', `${import.meta.dirname}/saturate.pl`] as const;

type Rates = Pick<KernelEndpoint, 'rateIn' | 'rateOut'>;

/** An endpoint whose id ends with this digit; its addresses do, too. */
export function limited(digit: number, rates: Rates = {}): DesiredEndpoint {
  return planEndpoint(
    {
      id: `${digit}`.padStart(64, 'a').split('').reverse().join(''),
      addresses: [
        { family: 4, address: `10.1.0.${digit}`, gateway: '169.254.1.1' },
        { family: 6, address: `fd00:1::${digit}`, gateway: 'fe80::1' },
      ],
      additional: [],
      mac: `02:42:0a:01:00:0${digit}`,
      spoof: 'strict',
      ...rates,
    },
    { mtuBytes: MTU_BYTES },
  );
}

/** Traffic that saturates a limit. */
export interface Traffic {
  /** `in`: to the container, `out`: from it. */
  readonly direction: Direction;
  readonly protocol: 'tcp' | 'udp';
  readonly family: 4 | 6;
  /** What UDP sends. */
  readonly offeredMbit: number;
  readonly seconds: number;
}

/** A host with links of endpoints and their containers, all namespaces of their own. */
export class LimitStage {
  readonly #namespaces: ProgramNamespace[] = [];
  readonly #containers = new Map<string, ProgramNamespace>();
  readonly #processes: ChildProcess[] = [];
  host!: ProgramNamespace;
  rtnl!: Rtnl;
  tc!: TrafficControl;
  links!: EndpointLinks;
  limits!: LinkLimits;
  reaper!: LinkReaper;

  async open(): Promise<void> {
    this.host = await this.#namespace();
    await this.host.sh('sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1');
    await this.host.sh('ip address add 169.254.1.1/32 dev lo; ip address add 10.9.0.1/32 dev lo');
    await this.host.sh('ip address add fd00:9::1/128 dev lo');
    this.rtnl = await this.host.netns.openRtnl();
    this.tc = await openTrafficControl({ netns: this.host.netns });
    await this.#serve(this.host);
    this.takeUp();
  }

  /** What a daemon that was started anew has. */
  takeUp(): void {
    const { rtnl, tc } = this;
    this.reaper = new LinkReaper({ rtnl, logger: quiet });
    this.limits = new LinkLimits({ rtnl, openTc: () => Promise.resolve(tc), reaper: this.reaper });
    this.links = new EndpointLinks({ rtnl, reaper: this.reaper, limits: this.limits, logger: quiet });
  }

  async close(): Promise<void> {
    for (const { pid } of this.#processes) if (pid !== undefined) kill(-pid);
    await this.reaper.flush();
    await this.tc.close();
    await this.rtnl.close();
    for (const namespace of this.#namespaces) await namespace.close();
  }

  /** Joins an endpoint, and does what Docker does next. */
  async start(endpoint: DesiredEndpoint): Promise<void> {
    await this.links.apply(endpoint);
    const container = await this.#namespace();
    await this.host.sh(`ip link set ${linkNames(endpoint.id).container} netns ${container.pid}`);
    const { name } = endpoint.veth.peer;
    const addresses = endpoint.neighbours
      .filter(({ address }) => !address.startsWith('fe80'))
      .map((each) => each.address);
    await container.sh(`ip link set ${name} name eth0; ip link set eth0 up`);
    for (const address of addresses) await container.sh(`ip address add ${address} dev eth0 nodad`);
    await container.sh('ip route add 169.254.1.1 dev eth0; ip route add default via 169.254.1.1');
    await container.sh('ip -6 route add default via fe80::1 dev eth0');
    this.#containers.set(endpoint.id, container);
    await this.#serve(container);
  }

  containerOf({ id }: DesiredEndpoint): ProgramNamespace {
    return this.#containers.get(id)!;
  }

  /** Makes a live change, as an operator asks for one. */
  async change(from: DesiredEndpoint, to: DesiredEndpoint): Promise<void> {
    await this.links.apply(to, from);
  }

  /** Compares and repairs, as a round of the daemon does. */
  async reconcile(endpoints: readonly DesiredEndpoint[]): Promise<string[]> {
    const done: string[] = [];
    for (const repair of planRepairs(endpoints, await this.links.read())) {
      if (repair.kind === 'delete-link') await this.links.deleteAbandoned(repair);
      if (repair.kind !== 'change-endpoint') {
        done.push(repair.kind);
        continue;
      }
      const desired = endpoints.find(({ id }) => id === repair.endpointId)!;
      for (const { change, outcome } of await this.links.repair(repair, desired)) {
        if (outcome.status === 'rejected') throw outcome.reason;
        done.push('direction' in change ? `${change.kind} ${change.direction}` : change.kind);
      }
    }
    return done;
  }

  /**
   * Bits per second of the frames that pass a limit, while more than that is offered: of a window that begins once packets wait.
   * What a busy machine adds to the window makes the one figure smaller and the other larger: the truth is between them.
   */
  async measure(
    endpoint: DesiredEndpoint,
    traffic: Traffic,
  ): Promise<{ readonly least: number; readonly most: number }> {
    const shaping = await this.#shapingClass(endpoint, traffic.direction);
    const stop = this.saturate(endpoint, traffic);
    try {
      await until(async () => (await shaping()).backlogBytes > 0, 'packets wait', 10_000);
      const first = await shaping();
      await sleep(traffic.seconds * 1000);
      const last = await shaping();
      const bits = (last.bytes - first.bytes) * 8;
      return {
        least: (bits / (last.untilMs - first.fromMs)) * 1000,
        most: (bits / (last.fromMs - first.untilMs)) * 1000,
      };
    } finally {
      stop();
    }
  }

  /** Sends more than a limit allows, until the function that it returns is called. */
  saturate(
    endpoint: DesiredEndpoint,
    { direction, protocol, family, offeredMbit }: Omit<Traffic, 'seconds'>,
  ): () => void {
    const container = this.containerOf(endpoint);
    const own = endpoint.neighbours.find((each) => each.address.includes(':') === (family === 6))!.address;
    const to = direction === 'in' ? own : family === 6 ? 'fd00:9::1' : '10.9.0.1';
    const bytesPerSec = (offeredMbit * 1e6) / 8;
    const sender = this.#spawnIn(direction === 'in' ? this.host : container, [
      ...SATURATE,
      protocol,
      to,
      String(bytesPerSec),
    ]);
    return () => kill(-sender.pid!);
  }

  /** Reads the class that shapes packets; with when that began and ended. */
  async #shapingClass(endpoint: DesiredEndpoint, direction: Direction): Promise<() => Promise<ClassReading>> {
    const name = direction === 'in' ? linkNames(endpoint.id).host : limitLinkNames(endpoint.id).name;
    const { index } = (await this.rtnl.links.get({ name }))!;
    return async () => {
      const fromMs = performance.now();
      const [row] = await this.tc.classes.list({ linkIndex: index });
      return {
        fromMs,
        untilMs: performance.now(),
        bytes: row?.statistics?.bytes ?? 0,
        backlogBytes: row?.statistics?.backlogBytes ?? 0,
      };
    };
  }

  /** Sends numbered datagrams to the container; {@link Flood.end} says how many were sent, and how many arrived. */
  async flood(endpoint: DesiredEndpoint, direction: 'in' | 'out', perSecond: number): Promise<Flood> {
    const container = this.containerOf(endpoint);
    const [from, to] = direction === 'in' ? [this.host, container] : [container, this.host];
    const address = direction === 'in' ? endpoint.neighbours[0]!.address : '10.9.0.1';
    const receiver = this.#spawnIn(to, [process.execPath, '-e', RECEIVE]);
    await until(async () => (await to.sh('ss -Hlun sport = :7777')) !== '', 'the receiver listens', 5_000);
    const sender = this.#spawnIn(from, [process.execPath, '-e', SEND, address, String(perSecond)]);
    return new Flood(sender, receiver);
  }

  /** 99th percentile of what a ping from the host takes, in milliseconds. */
  async pingMs(endpoint: DesiredEndpoint, count: number): Promise<number> {
    const command = `ping -i 0.002 -c ${count} ${endpoint.neighbours[0]!.address}`;
    const times = [...(await this.host.sh(command)).matchAll(/time=([0-9.]+)/g)].map(([, ms]) => Number(ms));
    return times.sort((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? Number.NaN;
  }

  /** How many frames a container has had so far, both ways. */
  async frames(endpoint: DesiredEndpoint): Promise<number> {
    const [link] = JSON.parse(await this.containerOf(endpoint).sh('ip -json -stats link show eth0')) as [
      { readonly stats64: Readonly<Record<'rx' | 'tx', { readonly packets: number }>> },
    ];
    return link.stats64.rx.packets + link.stats64.tx.packets;
  }

  async #namespace(): Promise<ProgramNamespace> {
    const namespace = await openProgramNamespace();
    this.#namespaces.push(namespace);
    return namespace;
  }

  async #serve(place: ProgramNamespace): Promise<void> {
    this.#spawnIn(place, [...SATURATE, 'listen']);
    await until(async () => (await place.sh('ss -Hltn sport = :5201')) !== '', 'somebody listens', 5_000);
  }

  #spawnIn({ pid }: ProgramNamespace, argv: readonly string[]): ChildProcess {
    const child = spawn('nsenter', ['--net', '-t', String(pid), ...argv], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    this.#processes.push(child);
    return child;
  }
}

interface ClassReading {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly bytes: number;
  readonly backlogBytes: number;
}

/** Datagrams under way. */
export class Flood {
  readonly #sender: ChildProcess;
  readonly #receiver: ChildProcess;

  constructor(sender: ChildProcess, receiver: ChildProcess) {
    this.#sender = sender;
    this.#receiver = receiver;
  }

  /** Stops the sender, waits for what is under way, and counts. */
  async end(): Promise<{ readonly sent: number; readonly lost: number }> {
    const sent = Number(await outputOf(this.#sender));
    await sleep(300);
    const received = Number(await outputOf(this.#receiver));
    return { sent, lost: sent - received };
  }
}

async function outputOf(child: ChildProcess): Promise<string> {
  const closed = once(child, 'close');
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stdin!.end();
  await closed;
  return text;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Both go on until their standard input ends, and then say how many datagrams there were. */
const SEND = `
const [address, perSecond] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp4');
const datagram = Buffer.alloc(200);
const started = performance.now();
let [sent, isOver] = [0, false];
process.stdin.on('end', () => (isOver = true)).resume();
const batch = () => {
  if (isOver) return socket.close(() => console.log(sent));
  const due = ((performance.now() - started) * perSecond) / 1000;
  // What a busy machine kept from being sent is not made up for at once: no queue holds it.
  for (let burst = 0; sent + skipped < due && burst < 100; burst++, sent++) socket.send(datagram, 7777, address);
  if (due > sent + skipped) skipped = due - sent;
  setTimeout(batch, 1);
};
let skipped = 0;
batch();
`;
const RECEIVE = `
const socket = require('node:dgram').createSocket({ type: 'udp4', recvBufferSize: 1 << 24 });
let received = 0;
socket.on('message', () => received++).bind(7777);
process.stdin.on('end', () => socket.close(() => console.log(received))).resume();
`;
