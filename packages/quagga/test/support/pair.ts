import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { applyConfiguration } from '../../src/apply/apply.ts';
import { parseDocument } from '../../src/preset/document.ts';
import type { RenderedConfig } from '../../src/render/config.ts';
import { render } from '../../src/render/render.ts';
import type { Router, RouteWatch } from './router.ts';
import { type Loss, lossIn, openTwoRouters } from './two-routers.ts';

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

export async function openPair(
  base: (host: number) => Wish,
  daemons: readonly string[] = ['zebra', 'staticd', 'ospfd', 'bgpd', 'bfdd'],
): Promise<Pair> {
  return await openTwoRouters(daemons, async ({ own, other, keep }) => {
    const watch = keep(other.watchRoutes());
    const config = (wish: Wish = {}): RenderedConfig => configOf({ ...base(1), ...wish });
    expect((await own.load(frrConf(config()))) + (await other.load(frrConf(configOf(base(2)))))).to.match(/^\s*$/);
    await own.ip('route', 'add', `${CONTAINER}/32`, 'dev', 'containers', 'proto', '200');
    // So that it answers: no address, which zebra would take for a route of its own.
    await own.ip('route', 'add', 'local', `${CONTAINER}/32`, 'dev', 'lo');
    await watch.until(APPEARS, 15_000);
    return { own, other, watch, config };
  });
}

type Protocol = 'OSPF' | 'BGP';

const BASES: Readonly<Record<Protocol, (host: number) => Wish>> = {
  OSPF: (host) => ({ preset: 'lan', routerId: `10.0.0.${host}` }),
  BGP: (host) => ({ preset: 'bgp-unnumbered', routerId: `10.0.0.${host}`, bgp: { asn: 65000 + host } }),
};
/** bgpd waits that many seconds before it uses a changed route map; 5 by default. */
const DELAY_SEC = process.env.ROUTED_ATTACK === 'all' ? 5 : 1;

interface Shared {
  readonly pair: Pair;
  readonly protocol: Protocol;
  /** What its router and its file said when it was opened. */
  readonly start: string;
}

const shared = new Map<Protocol, Shared>();

/** What each file that calls {@link sharedPair} does in its outermost `after`. */
export async function closeSharedPairs(): Promise<void> {
  const all = [...shared.values()];
  shared.clear();
  for (const { pair } of all) await pair[Symbol.asyncDispose]();
}

/**
 * The pair that the tests of a process share, until {@link closeSharedPairs}: applied, and as it was when it was opened,
 * whatever other tests did to it. A pair that does not come back is replaced.
 */
export async function sharedPair(protocol: Protocol): Promise<Pair> {
  const known = shared.get(protocol);
  if (known !== undefined && (await comesBack(known))) return known.pair;
  shared.delete(protocol);
  await known?.pair[Symbol.asyncDispose]();
  const pair = await openPair(BASES[protocol]);
  shared.set(protocol, { pair, protocol, start: '' });
  if (protocol === 'BGP')
    for (const router of [pair.own, pair.other]) await router.load(`bgp route-map delay-timer ${DELAY_SEC}\n`);
  await applyConfiguration(pair.config(), { ...pair.own, allow: 'flaps' });
  shared.set(protocol, { pair, protocol, start: await stateOf(pair) });
  return pair;
}

async function comesBack({ pair, protocol, start }: Shared): Promise<boolean> {
  const { own, other } = pair;
  for (const router of [own, other]) await removeOtherRoutes(router);
  const failure: unknown = await applyConfiguration(pair.config(), {
    ...own,
    allow: 'flaps',
    acceptUnknown: true,
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure !== undefined || (await stateOf(pair)) !== start) return false;
  for (let tries = 0; tries < 150; tries++) {
    const learnt = await other.ip('route', 'show', 'proto', protocol.toLowerCase());
    const [first, ...more] = learnt.split('\n').filter((line) => line.startsWith('10.112.'));
    if (first?.startsWith(`${CONTAINER} `) === true && more.length === 0) return true;
    await sleep(100);
  }
  return false;
}

/** The routes that tests added, other than the container's. */
async function removeOtherRoutes(router: Router): Promise<void> {
  const found = (await router.ip('route', 'show', 'dev', 'containers')).split('\n');
  const prefixes = found.map((line) => line.split(' ')[0] ?? '').filter((prefix) => !['', CONTAINER].includes(prefix));
  for (const prefix of prefixes) await router.ip('route', 'delete', prefix, 'dev', 'containers');
}

async function stateOf({ own }: Pair): Promise<string> {
  const texts = ['zebra', 'ospfd', 'bgpd'].map(
    async (daemon) => (await own.command(daemon, 'show running-config')).text,
  );
  return [...(await Promise.all(texts)), await readFile(join(own.configDir, 'frr.conf'), 'utf8')].join('\n');
}

/** Pings the container from the other router, 100 times a second, while `work` goes on and 0.5 s longer. */
export async function lossDuring<T>({ other }: Pair, work: () => Promise<T>): Promise<Loss & { result: T }> {
  return await pingsLost(other, [CONTAINER], work);
}

/** The same from any router; the address comes last. */
export async function pingsLost<T>(
  from: Router,
  args: readonly string[],
  work: () => Promise<T>,
): Promise<Loss & { result: T }> {
  const inside = ['-t', String(from.namespacePid), '-n', 'ping', '-n', '-q', '-i', '0.01', '-W', '1', ...args];
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
    return { ...lossIn(output), result };
  } finally {
    child.kill('SIGKILL');
  }
}
