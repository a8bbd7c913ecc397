import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApplyOptions, applyConfiguration } from '../../src/apply/apply.ts';
import type { RenderedConfig } from '../../src/render/config.ts';
import { parseDocument } from '../../src/preset/document.ts';
import { type Fields, mergeDefaults } from '../../src/preset/merge.ts';
import { render } from '../../src/render/render.ts';
import { frrConf } from './pair.ts';
import type { Router } from './router.ts';
import { type Loss, lossIn, openTwoRouters } from './two-routers.ts';

/** A container of each router: traffic between them needs what either announces, and what either takes. */
const HERE = ['10.112.200.1', 'fd00:112::200'] as const;
const THERE = ['10.112.201.1', 'fd00:112::201'] as const;

/** What both routers are told, as one document per host. */
export type Base = (host: number) => Fields;

/** Two routers with a container each, of both families, that reach each other. */
export interface Crossing extends AsyncDisposable {
  readonly own: Router;
  /** Tells the neighbor something beside the base. */
  readonly tellNeighbor: (wish: Fields) => Promise<unknown>;
  readonly config: (wish?: Fields) => RenderedConfig;
  readonly apply: (wish: Fields, more?: Partial<ApplyOptions>) => ReturnType<typeof applyConfiguration>;
  /** Pings between the containers, 100 times a second in both families, while `work` goes on and `moreMs` longer. */
  readonly lossDuring: <T>(moreMs: number, work: () => Promise<T>) => Promise<Loss & { result: T }>;
  /** Waits until both containers answer. */
  readonly whole: (deadlineMs: number) => Promise<boolean>;
}

export async function openCrossing(base: Base, preamble: string): Promise<Crossing> {
  const daemons = ['zebra', 'staticd', 'ospfd', 'ospf6d', 'bgpd', 'bfdd'];
  return await openTwoRouters(daemons, async ({ own, other }) => {
    const config = (wish: Fields = {}, host = 1): RenderedConfig =>
      render(parseDocument(mergeDefaults(base(host), wish), 'frr').model, 'frr');
    for (const [router, host, addresses] of [
      [own, 1, HERE],
      [other, 2, THERE],
    ] as const) {
      const complaints = await router.load(`${preamble}${frrConf(config({}, host))}`);
      if (complaints.trim() !== '') throw new Error(complaints);
      for (const address of addresses) await addContainer(router, address);
    }
    const whole: Crossing['whole'] = (deadlineMs) => isWhole(other, deadlineMs);
    if (!(await whole(30_000))) throw new Error('the routers do not know each other’s containers');
    return {
      own,
      config,
      tellNeighbor: (wish) => applyConfiguration(config(wish, 2), other),
      apply: (wish: Fields, more: Partial<ApplyOptions> = {}) => applyConfiguration(config(wish), { ...own, ...more }),
      lossDuring: <T>(moreMs: number, work: () => Promise<T>) => lossDuring(other, moreMs, work),
      whole,
    };
  });
}

/** A route of the plugin's, and an address that answers but that zebra does not take for one of the router's. */
async function addContainer(router: Router, address: string): Promise<void> {
  const [family, bits] = address.includes(':') ? ['-6', 128] : ['-4', 32];
  await router.ip(family, 'route', 'add', `${address}/${bits}`, 'dev', 'containers', 'proto', '200');
  await router.ip(family, 'route', 'add', 'local', `${address}/${bits}`, 'dev', 'lo');
}

/** IPv6 binds to no address that no link has, unless it is told to. */
const PING = 'echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind; exec ping -n -q -i 0.01 -W 1 "$@"';

function ping(from: Router, index: 0 | 1, ...more: string[]): { kill: () => void; output: Promise<string> } {
  const inside = ['-t', String(from.namespacePid), '-n', 'sh', '-c', PING, 'ping', ...more];
  const child = spawn('nsenter', [...inside, '-I', THERE[index], HERE[index]], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return {
    kill: () => void child.kill('SIGINT'),
    output: new Promise((resolve) => child.once('close', () => resolve(text))),
  };
}

async function lossDuring<T>(from: Router, moreMs: number, work: () => Promise<T>): Promise<Loss & { result: T }> {
  const pings = [ping(from, 0), ping(from, 1)];
  try {
    await sleep(200);
    const result = await work();
    await sleep(moreMs);
    pings.forEach(({ kill }) => kill());
    const losses = await Promise.all(pings.map(async ({ output }) => lossIn(await output)));
    const sum = (field: keyof Loss): number => losses.reduce((total, loss) => total + loss[field], 0);
    return { sent: sum('sent'), lost: sum('lost'), result };
  } finally {
    pings.forEach(({ kill }) => kill());
  }
}

async function isWhole(from: Router, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const answers = await Promise.all(([0, 1] as const).map((index) => ping(from, index, '-c', '5').output));
    if (answers.every((text) => text.includes('5 packets transmitted, 5 received'))) return true;
    if (performance.now() > end) return false;
    await sleep(200);
  }
}
