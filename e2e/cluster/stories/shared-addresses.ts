import { expect } from 'chai';
import type { ClusterHost } from '@routed/lab';
import { eventually } from '../../support/eventually.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { type Conflict, conflictOn, statusOf } from '../support/daemon-status.ts';
import { DockerCalls } from '../support/docker-calls.ts';
import { learntRoutes, untilLearnt } from '../support/routes.ts';

/** How soon a conflict is known. A busy machine has to keep to it, too. */
const TOLD_MS = 5_000;

/** Addresses that another host announces already. */
export function tellTakenAddresses(stage: ClusterStage): void {
  let first: DockerCalls;
  let second: DockerCalls;

  before(async () => {
    first = await DockerCalls.createNetwork(stage.h1, { subnet: '10.1.3.0/29' });
    second = await DockerCalls.createNetwork(stage.h2, { subnet: '10.1.3.0/29' });
    await Promise.all([1, 2, 3, 5].map((last) => first.run(`10.1.3.${last}`)));
    await Promise.all([1, 2, 3, 5].map((last) => untilLearnt(stage.h2.host, `10.1.3.${last}`)));
  });
  after(() => Promise.all([first.close(), second.close()]));

  it('refuses one that is requested by name, with next hop and protocol', async () => {
    const refusal = await second.run('10.1.3.2').then(
      () => 'started',
      (error: unknown) => (error as Error).message,
    );

    expect(refusal).to.contain(
      'address 10.1.3.2 is in use by another host (route via 10.112.11.1 dev eth1 proto ospf): choose another --ip',
    );
    expect((await statusOf(stage.h2)).cluster.requestsRefused).to.equal(1);
  });

  it('passes over them when it chooses', async () => {
    const chosen = [await second.run(), await second.run()].map(({ address }) => address);

    expect(chosen.sort()).to.deep.equal(['10.1.3.4', '10.1.3.6']);
    expect((await statusOf(stage.h2)).cluster.candidatesSkipped).to.be.within(1, 8);
  });
}

/** An address of a container that somebody else announces by hand. */
export function tellStrangers(stage: ClusterStage): void {
  const own = '10.1.4.1';
  let network: DockerCalls;

  before(async () => {
    network = await DockerCalls.createNetwork(stage.h1, { subnet: '10.1.4.0/24' });
    await network.run(own);
    await untilLearnt(stage.h3.host, own);
  });
  after(() => network.close());

  it('is told on the host of the container, until it ends', async () => {
    const { h1, h3 } = stage;

    await announceByHand(h3, 'add', own);
    const addedAtMs = performance.now();
    const conflict = await eventually(() => told(h1, own), TOLD_MS);
    console.log(`      told after ${(performance.now() - addedAtMs).toFixed(0)} ms`);
    await announceByHand(h3, 'delete', own);

    expect(conflict.holders[0]).to.match(/^route via 10\.112\.11\.3 dev eth1 proto ospf, from router 10\.112\.11\.3$/);
    await eventually(async () => expect(await conflictOn(h1, own)).to.equal(undefined), TOLD_MS);
  });
}

/** An address that several hosts are meant to have. */
export function tellAnycastAddresses(stage: ClusterStage): void {
  const shared = '10.1.5.9';
  const networks: DockerCalls[] = [];

  before(async () => {
    const options = { 'routed.anycast': 'true' };
    for (const host of [stage.h1, stage.h2]) {
      networks.push(
        await DockerCalls.createNetwork(host, { subnet: '10.1.5.0/24', options }),
        await DockerCalls.createNetwork(host, { subnet: '10.1.6.0/24' }),
      );
    }
  });
  after(() => Promise.all(networks.map((network) => network.close())));

  it('has two ways on a third host, and nobody is told of a conflict', async () => {
    const { h1, h2, h3 } = stage;
    const [first, firstOther, second, secondOther] = networks;
    const before = await Promise.all([h1, h2].map(async (host) => (await statusOf(host)).cluster.conflictsFound));

    await first?.run(shared);
    await untilLearnt(h2.host, shared);
    await second?.run(shared);

    await eventually(async () => {
      const ways = (await learntRoutes(h3.host)).find(({ dst }) => dst === shared)?.nexthops ?? [];
      expect(ways.map(({ gateway }) => gateway).sort()).to.deep.equal(['10.112.11.1', '10.112.11.2']);
    }, 10_000);
    // Who has found a conflict that came later has looked at this address as well.
    await Promise.all([firstOther?.run('10.1.6.1'), secondOther?.run('10.1.6.2')]);
    await announceByHand(h3, 'add', '10.1.6.1', '10.1.6.2');
    await eventually(() => Promise.all([told(h1, '10.1.6.1'), told(h2, '10.1.6.2')]), TOLD_MS);
    await announceByHand(h3, 'delete', '10.1.6.1', '10.1.6.2');
    const found = await Promise.all([h1, h2].map(async (host) => (await statusOf(host)).cluster.conflictsFound));
    expect(found).to.deep.equal(before.map((count) => count + 1));
  });
}

/** A route that a router announces and no plugin has made. */
async function announceByHand({ host }: ClusterHost, verb: 'add' | 'delete', ...addresses: string[]): Promise<void> {
  for (const address of addresses) {
    await host.exec(['ip', 'route', verb, `${address}/32`, 'dev', 'lo', 'scope', 'link', 'proto', '100']);
  }
}

async function told(host: ClusterHost, address: string): Promise<Conflict> {
  const conflict = await conflictOn(host, address);
  if (conflict === undefined) throw new Error(`${host.name} has told nothing of ${address}`);
  return conflict;
}
