import { join } from 'node:path';
import { expect } from 'chai';
import { watchRoutes, type ClusterHost, type Host, type RouteChange, type RouteWatch } from '@routed/lab';
import { createNetwork } from '../../support/containers.ts';
import { enter } from '../../support/addresses.ts';
import { eventually } from '../../support/eventually.ts';
import { median } from '../../support/median.ts';
import { untilEchoed } from '../../restart-matrix/traffic.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { learntRoutes, untilForgotten, untilLearnt } from '../support/routes.ts';

/** Healthy as long as its namespace has this address. */
const HEALTHY = '127.0.0.77';
const healthCheck = [
  ...['--health-cmd', `ip address show dev lo | grep -q ${HEALTHY}`],
  ...['--health-interval', '1s', '--health-retries', '1', '--health-timeout', '5s'],
];

/** Serves a page on port 80 and echoes on port 7; goes on so long after SIGTERM. */
const slowToEnd = (seconds: number): string[] => [
  'alpine',
  'sh',
  '-c',
  `trap "sleep ${seconds}; exit 0" TERM; mkdir -p /www; hostname > /www/name; httpd -p 80 -h /www; ` +
    'nc -ll -p 7 -e cat & while :; do sleep 0.2; done',
];

const subnet = '10.1.128.0/24';
const network = 'announcing';

/**
 * `routed.announce` as other hosts see it.
 *
 * @param limitMs from Docker's event to the other host's kernel, in the median
 */
export function tellAnnouncing(stage: ClusterStage, limitMs: number): void {
  let watch: RouteWatch;

  beforeEach(async () => {
    watch = await watchRoutes(stage.h3.host);
  });
  afterEach(async () => {
    await watch[Symbol.asyncDispose]();
    await Promise.all([stage.h1, stage.h2].map(clearAway));
  });

  it('withdraws at the stop signal, and connections go on until the container ends', async () => {
    const { h1, h3 } = stage;
    await createNetwork(h1.host, network, subnet, '-o', 'routed.announce=running');
    const numbers = [1, 2, 3, 4, 5];
    const address = (number: number): string => `10.1.128.1${number}`;
    await Promise.all(numbers.map((number) => run(h1, `slow${number}`, address(number), ...slowToEnd(6))));
    // Open connections still need a route once the host route is gone: that of a wider prefix.
    await h3.host.exec(['ip', 'route', 'add', subnet, 'via', '10.112.11.1']);
    const streams = await Promise.all(numbers.map((number) => openStream(h3.host, address(number))));

    const stops = [];
    const delays: number[] = [];
    for (const number of numbers) {
      const since = await engineTime(h1);
      stops.push(h1.host.docker('stop', `slow${number}`));
      const gone = await watch.find((change) => change.isGone && isOf(change, address(number)));
      delays.push(wallClock(gone.atMs) - (await eventAt(h1, `slow${number}`, 'kill', since)));
    }
    const lines = await Promise.all(streams.map((stream) => stream.count()));
    await eventually(async () => {
      const more = await Promise.all(streams.map((stream) => stream.count()));
      for (const [index, count] of more.entries()) expect(count, 'lines echoed').to.be.above((lines[index] ?? 0) + 50);
    }, 2_000);
    const lost = await lostPackets(h3.host);
    await Promise.all(stops);
    await Promise.all(streams.map((stream) => stream.end()));
    await h3.host.exec(['ip', 'route', 'delete', subnet]);

    console.log(`      stop signal to no route: ${summary(delays)}; ${lost} packets of open connections lost`);
    expect(lost, 'packets lost').to.equal(0);
    expect(median(delays)).to.be.at.most(limitMs);
  });

  it('withdraws what is not healthy, and announces it again', async () => {
    const { h1, h3 } = stage;
    const address = '10.1.128.20';
    await createNetwork(h1.host, network, subnet, '-o', 'routed.announce=healthy');
    await run(h1, 'sick', address, ...healthCheck, ...slowToEnd(0));
    const [gone, back]: [number[], number[]] = [[], []];

    // One more is flapping: it would stay withdrawn.
    for (let round = 0; round < 4; round += 1) {
      for (const [verb, delays] of [['add', back] as const, ['delete', gone] as const]) {
        const since = await engineTime(h1);
        const heard = watch.changes.length;
        await enter(h1.host, 'sick', 'ip', 'address', verb, `${HEALTHY}/8`, 'dev', 'lo');
        const change = await eventually(() => {
          const found = watch.changes.slice(heard).find((one) => isOf(one, address));
          if (found === undefined) throw new Error(`the route to ${address} has not changed`);
          return found;
        }, 10_000);
        expect(change.isGone).to.equal(verb === 'delete');
        delays.push(wallClock(change.atMs) - (await eventAt(h1, 'sick', 'health_status', since)));
      }
    }

    await untilForgotten(h3.host, address);
    console.log(`      unhealthy to no route: ${summary(gone)}; healthy to route: ${summary(back)}`);
    expect(median(gone)).to.be.at.most(limitMs);
    expect(median(back)).to.be.at.most(limitMs);
  });

  it('loses no new connection to an anycast address whose members are stopped', async () => {
    const { h1, h2, h3 } = stage;
    const address = '10.1.128.30';
    // With a takeover the members pass connections on to each other: else one that is opened while the route changes is reset.
    const options = ['routed.announce=running', 'routed.anycast=true', 'routed.takeover=true'].flatMap((option) => [
      '-o',
      option,
    ]);
    await h3.host.exec(['sysctl', '-qw', 'net.ipv4.fib_multipath_hash_policy=1']);
    await Promise.all([h1, h2].map(({ host }) => createNetwork(host, network, subnet, ...options)));
    await Promise.all([h1, h2].map((host) => run(host, 'member', address, ...slowToEnd(1))));
    const rounds: NewConnections[] = [];

    for (const stopped of [h1, h2, h1, h2, h1]) {
      await untilTwoWays(h3.host, address);
      await untilEchoed(h3.host, address);
      const end = await openNewConnections(h3.host, address);
      await stopped.host.docker('stop', 'member');
      rounds.push(await end());
      await stopped.host.docker('start', 'member');
    }

    const failures = rounds.flatMap((round) => round.failures);
    const tried = rounds.reduce((sum, round) => sum + round.tried, 0);
    console.log(`      ${failures.length} of ${tried} new connections failed in ${rounds.length} stops`);
    expect(failures).to.deep.equal([]);
  });
}

async function clearAway({ host }: ClusterHost): Promise<void> {
  const names = await host.docker('ps', '--all', '--quiet', '--filter', `network=${network}`);
  if (names !== '') await host.docker('rm', '--force', ...names.split('\n'));
  await host.tryDocker('network', 'rm', network);
}

async function run({ host }: ClusterHost, name: string, address: string, ...args: readonly string[]): Promise<void> {
  await host.docker('run', '-d', '--name', name, '--network', network, '--ip', address, ...args);
}

function isOf({ destination, line }: RouteChange, address: string): boolean {
  return destination === address && line.includes(' proto ');
}

/** Seconds since 1970, as `docker events --since` takes them. */
async function engineTime({ host }: ClusterHost): Promise<string> {
  return (await host.exec(['date', '+%s.%N'])).stdout.trim();
}

/** When the engine told of the last such event of a container, in milliseconds since 1970. */
async function eventAt({ host }: ClusterHost, container: string, event: string, since: string): Promise<number> {
  const filters = ['--filter', `container=${container}`, '--filter', `event=${event}`];
  const until = await engineTime({ host } as ClusterHost);
  const told = await host.docker('events', ...filters, '--since', since, '--until', until, '--format', '{{.TimeNano}}');
  return Number(told.split('\n').at(-1)) / 1e6;
}

/** Of a time of `performance.now()`, in milliseconds since 1970. */
function wallClock(atMs: number): number {
  // Date.now() is rounded down to whole milliseconds: the largest difference is the nearest.
  const differences = Array.from({ length: 20_000 }, () => Date.now() - performance.now());
  return atMs + Math.max(...differences);
}

async function untilTwoWays(host: Host, address: string): Promise<void> {
  await eventually(async () => {
    const route = (await learntRoutes(host)).find(({ dst }) => dst === address);
    expect(route?.nexthops, 'next hops').to.have.lengthOf(2);
  }, 20_000);
}

let count = 0;

interface Stream {
  /** How many lines have come back. */
  readonly count: () => Promise<number>;
  readonly end: () => Promise<unknown>;
}

/** A line every 10 ms through one connection, and back. */
async function openStream(host: Host, address: string): Promise<Stream> {
  await untilLearnt(host, address);
  await untilEchoed(host, address);
  const program = join(import.meta.dirname, '../../restart-matrix/stream.mjs');
  const stream = await host.spawn([process.execPath, program, address, '7'], { name: `announcing-${++count}` });
  const lines = async (): Promise<number> => (await stream.log()).split('\n').length - 1;
  await eventually(async () => expect(await lines()).to.be.above(10));
  return { count: lines, end: () => stream.stop('SIGKILL') };
}

/** How many packets of open connections to echo servers were sent again, without those that had arrived before, late. */
async function lostPackets(host: Host): Promise<number> {
  const { stdout } = await host.exec(['ss', '-tinH', 'dport', '=', ':7']);
  const sum = (pattern: RegExp): number =>
    Array.from(stdout.matchAll(pattern), ([, times]) => Number(times)).reduce((a, b) => a + b, 0);
  return sum(/ retrans:\d+\/(\d+)/g) - sum(/ dsack_dups:(\d+)/g);
}

interface NewConnections {
  readonly tried: number;
  readonly failures: readonly { readonly at: number; readonly problem: string }[];
}

/** A new connection every 5 ms, until the function returned is called. */
async function openNewConnections(host: Host, address: string): Promise<() => Promise<NewConnections>> {
  const program = join(import.meta.dirname, '../support/new-connections.mjs');
  const client = await host.spawn([process.execPath, program, address], { name: `announcing-${++count}` });
  await eventually(async () => expect(await client.log()).to.contain('ready'));
  return async () => {
    await client.stop('SIGTERM');
    return JSON.parse((await client.log()).trim().split('\n').at(-1) ?? '') as NewConnections;
  };
}

function summary(values: readonly number[]): string {
  return `p50 ${median(values).toFixed(1)} ms, max ${Math.max(...values).toFixed(1)} ms (${values.length} runs)`;
}
