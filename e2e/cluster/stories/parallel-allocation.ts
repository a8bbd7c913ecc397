import { expect } from 'chai';
import type { ClusterHost } from '@routed/lab';
import { eventually } from '../../support/eventually.ts';
import { inParallel } from '../../support/in-parallel.ts';
import { containerRoutes } from '../../support/kernel.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { type ConflictCounters, statusOf } from '../support/daemon-status.ts';
import { type Container, DockerCalls } from '../support/docker-calls.ts';
import { learntDestinations } from '../support/routes.ts';

const CONVERGED_MS = 20_000;

/** Two hosts choose addresses from one prefix at the same time, and begin to look for them at nearly the same place. */
export function tellParallelAllocation(
  stage: ClusterStage,
  { subnet, count }: { subnet: string; count: number },
): void {
  let networks: DockerCalls[];

  before(async () => {
    const options = { 'routed.on-conflict': 'yield' };
    networks = await Promise.all(
      [stage.h1, stage.h2].map((host) => DockerCalls.createNetwork(host, { subnet, options })),
    );
  });
  after(() => Promise.all(networks.map((network) => network.close())));

  it(`gives ${count} containers on each of two hosts addresses of their own, and counts the collisions`, async () => {
    const { h1, h2, h3 } = stage;
    const before = await Promise.all([h1, h2].map(async (host) => (await statusOf(host)).cluster));
    const startedAtMs = performance.now();

    const started = await Promise.all(networks.map((network) => runMany(network, count)));

    const startedMs = performance.now() - startedAtMs;
    const [first = [], second = []] = started.map((containers) => containers.map(({ address }) => address));
    const shared = first.filter((address) => new Set(second).has(address));
    const all = new Set([...first, ...second]);
    await eventually(async () => {
      const [byFirst, bySecond] = await Promise.all([announced(h1, all), announced(h2, all)]);
      expect(
        byFirst.filter((address) => bySecond.includes(address)),
        'announced by both',
      ).to.deep.equal([]);
      expect(byFirst.length + bySecond.length, 'announced').to.equal(all.size);
    }, CONVERGED_MS);
    await eventually(async () => {
      const known = (await learntDestinations(h3.host)).filter((address) => all.has(address));
      expect(known.length, 'known to the third host').to.equal(all.size);
    }, CONVERGED_MS);
    expect(first).to.have.lengthOf(count);
    expect(second).to.have.lengthOf(count);
    const [one, other] = await Promise.all(
      [h1, h2].map(async (host, index) => since(before[index], (await statusOf(host)).cluster)),
    );
    console.log(`      ${startedMs.toFixed(0)} ms; ${shared.length} claimed twice; h1 ${text(one)}; h2 ${text(other)}`);
    expect(other?.conflictsFound, 'found by the host that yields').to.equal(shared.length);
    expect(one?.conflictsFound, 'found by the host that keeps').to.be.at.most(shared.length);
    expect(other?.yielded, 'yielded by the host with the higher id').to.equal(shared.length);
    expect(one?.yielded).to.equal(0);
    const met = [one, other].map((counts) => (counts?.candidatesSkipped ?? 0) + (counts?.joinsRefused ?? 0));
    expect(Math.max(...met) + shared.length, 'collisions').to.be.above(0);
  });
}

/** Starts containers, and starts those again whose address somebody else was faster to announce. */
async function runMany(network: DockerCalls, count: number): Promise<readonly Container[]> {
  const started: Container[] = [];
  await inParallel(Array(count).keys(), async () => started.push(await runUntilStarted(network)));
  return started;
}

async function runUntilStarted(network: DockerCalls): Promise<Container> {
  for (;;) {
    try {
      return await network.run();
    } catch (error) {
      if (!(error as Error).message.includes('which announced it first')) throw error;
    }
  }
}

async function announced({ host }: ClusterHost, addresses: ReadonlySet<string>): Promise<readonly string[]> {
  return (await containerRoutes(host)).map(({ dst }) => dst).filter((address) => addresses.has(address));
}

function since(before: ConflictCounters | undefined, after: ConflictCounters): ConflictCounters {
  const entries = Object.entries(after) as [keyof ConflictCounters, number][];
  return Object.fromEntries(
    entries.map(([name, count]) => [name, count - (before?.[name] ?? 0)]),
  ) as unknown as ConflictCounters;
}

function text(counts: ConflictCounters | undefined): string {
  return Object.entries(counts ?? {})
    .map(([name, count]) => `${name} ${String(count)}`)
    .join(', ');
}
