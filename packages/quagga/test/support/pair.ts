import { spawn } from 'node:child_process';
import { expect } from 'chai';
import { parseDocument } from '../../src/preset/document.ts';
import type { RenderedConfig } from '../../src/render/config.ts';
import { render } from '../../src/render/render.ts';
import { type RouteWatch, type Router, connect, openRouter } from './router.ts';

/** The container of the first router that the second one knows by its routing protocol. */
export const CONTAINER = '10.112.200.1';
const APPEARS = /^10\.112\.200\.1 .*\bdev eth1 proto (ospf|bgp)/;

/** What an operator asks for on the first router. */
export type Wish = Record<string, unknown>;

export function configOf(input: Wish): RenderedConfig {
  return render(
    parseDocument({ containers: ['10.112.0.0/12'], interfaces: { eth1: {} }, ...input }, 'frr').model,
    'frr',
  );
}

export function frrConf(config: RenderedConfig): string {
  return config.files.find((file) => file.name === 'frr.conf')!.text;
}

/** Two routers on one link that know each other’s container routes. */
export interface Pair extends AsyncDisposable {
  readonly own: Router;
  readonly other: Router;
  readonly watch: RouteWatch;
  readonly config: (wish?: Wish) => RenderedConfig;
}

export async function openPair(base: (host: number) => Wish): Promise<Pair> {
  const daemons = ['zebra', 'ospfd', 'bgpd', 'bfdd'];
  const opened: AsyncDisposable[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
  };
  const keep = <T extends AsyncDisposable>(one: T): T => (opened.push(one), one);
  try {
    const own = keep(await openRouter({ daemons }));
    const other = keep(await openRouter({ daemons }));
    await connect(own, other, ['10.0.0.1/24', '10.0.0.2/24']);
    const watch = keep(other.watchRoutes());
    const config = (wish: Wish = {}): RenderedConfig => configOf({ ...base(1), ...wish });
    expect((await own.load(frrConf(config()))) + (await other.load(frrConf(configOf(base(2)))))).to.match(/^\s*$/);
    await own.ip('route', 'add', `${CONTAINER}/32`, 'dev', 'containers', 'proto', '200');
    // So that it answers: no address, which zebra would take for a route of its own.
    await own.ip('route', 'add', 'local', `${CONTAINER}/32`, 'dev', 'lo');
    await watch.until(APPEARS, 15_000);
    return { own, other, watch, config, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

export interface Lost {
  readonly sent: number;
  readonly lost: number;
}

/** Pings the container from the other router, 100 times a second, while `work` goes on and 0.5 s longer. */
export async function lossDuring<T>({ other }: Pair, work: () => Promise<T>): Promise<Lost & { result: T }> {
  const inside = ['-t', String(other.namespacePid), '-n', 'ping', '-n', '-q', '-i', '0.01', '-W', '1', CONTAINER];
  const child = spawn('nsenter', inside, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const result = await work();
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill('SIGINT');
    await ended;
    const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(output) ?? [];
    // The last one may still be on its way.
    const missing = Number(sent) - Number(received);
    return { sent: Number(sent), lost: missing <= 1 ? 0 : missing, result };
  } finally {
    child.kill('SIGKILL');
  }
}
