import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import { containerRoutes } from '../../support/kernel.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { type Conflict, conflictOn, historyOn, metricsOf, statusOf } from '../support/daemon-status.ts';
import { type Container, DockerCalls } from '../support/docker-calls.ts';
import { learntRoutes, untilForgotten, untilLearnt } from '../support/routes.ts';

/** How soon both hosts know of a conflict. A busy machine has to keep to it, too. */
const TOLD_MS = 5_000;

/** How soon both know of it after a cut: the routers have to find each other first. */
const HEALED_MS = 20_000;

/** How soon after that one of them has withdrawn its route: it waits for 1.5 s. */
const YIELDED_MS = 6_000;

/** The two of them, and how long it took to tell: since the later of the two was told that its container runs. */
interface Clash {
  readonly address: string;
  readonly containers: readonly [Container, Container];
  readonly conflicts: readonly [Conflict, Conflict];
  readonly toldMs: readonly [number, number];
}

/** Two hosts start containers with one address at the same moment. */
export function tellSimultaneousClaims(stage: ClusterStage, protocol: 'ospf' | 'bgp'): void {
  let first: DockerCalls;
  let second: DockerCalls;
  let number = 0;

  const open = async (subnet: string, options: Readonly<Record<string, string>>): Promise<void> => {
    number = 0;
    [first, second] = (await Promise.all(
      [stage.h1, stage.h2].map((host) => DockerCalls.createNetwork(host, { subnet, options })),
    )) as [DockerCalls, DockerCalls];
  };
  const close = async (): Promise<void> => {
    await Promise.all([first.close(), second.close()]);
  };
  /** Tries with further addresses where one host was so much faster that the other was refused. */
  const clash = async (base: string): Promise<Clash> => {
    for (let attempt = 0; attempt < 20; attempt++) {
      const address = `${base}.${++number}`;
      const found = await claimBoth(stage, [first, second], address, 0);
      if (found !== undefined) return found;
    }
    throw new Error('one host was always refused');
  };

  describe('with routed.on-conflict=keep', () => {
    before(() => open('10.1.1.0/24', {}));
    after(close);

    it('tells both, with next hop and protocol, in log, status, metrics and history', async () => {
      const { h1, h2 } = stage;
      const { address, conflicts, toldMs } = await clash('10.1.1');

      const sides = [
        { own: h1, gateway: '10.112.11.2' },
        { own: h2, gateway: '10.112.11.1' },
      ];
      for (const [index, { own, gateway }] of sides.entries()) {
        const route = new RegExp(`^route via ${gateway.replaceAll('.', '\\.')} (dev eth1 )?proto ${protocol}, from `);
        expect(conflicts[index]?.state).to.equal('kept');
        expect(conflicts[index]?.holders[0]).to.match(route);
        const lines = (await own.plugin.log()).split('\n').filter((line) => line.includes(`address ${address} of`));
        expect(lines.filter((line) => line.includes(`via ${gateway}`))).to.have.lengthOf(1);
        expect((await statusOf(own)).problems.join()).to.contain(`address ${address} of endpoint`);
        expect(await metricsOf(own)).to.contain('routed_address_conflicts{state="kept"} 1');
        expect(await historyOn(own, address)).to.deep.equal(['leased', 'announced', 'conflict']);
        expect((await containerRoutes(own.host)).map(({ dst }) => dst)).to.include(address);
      }
      console.log(`      both told after ${toldMs.join(' and ')} ms`);
    });

    it('tells both that it is over when one container ends', async () => {
      const { h1, h2 } = stage;
      const { address, containers } = await clash('10.1.1');

      await second.remove(containers[1]);

      await eventually(async () => expect(await conflictOn(h1, address)).to.equal(undefined), TOLD_MS);
      await eventually(async () => expect(await conflictOn(h2, address)).to.equal(undefined), TOLD_MS);
    });

    it('tells both once the network between them is whole again', async () => {
      const { cluster, h1, h2 } = stage;
      const address = '10.1.1.99';
      await cluster.lab.cut(h2.host);
      await Promise.all([first.run(address), second.run(address)]);

      await cluster.lab.restore(h2.host);

      for (const host of [h1, h2]) {
        await eventually(async () => expect(await conflictOn(host, address)).to.include({ state: 'kept' }), HEALED_MS);
      }
    });

    it('never lets both have it untold, whoever is how much later', async () => {
      const outcomes = [];
      const delaysMs = [0, 5, 20, 100];
      for (const delayMs of delaysMs) {
        const found = await claimBoth(stage, [first, second], `10.1.1.${100 + delayMs}`, delayMs);
        outcomes.push(
          `${delayMs} ms: ${found === undefined ? 'second refused' : `told after ${found.toldMs.join('/')} ms`}`,
        );
      }

      console.log(`      ${outcomes.join('; ')}`);
      expect(outcomes).to.have.lengthOf(delaysMs.length);
    });
  });

  describe('with routed.on-conflict=yield', () => {
    before(() => open('10.1.2.0/24', { 'routed.on-conflict': 'yield' }));
    after(close);

    it('has the host with the higher id withdraw its route, and take it back in the end', async () => {
      const { h1, h2, h3 } = stage;
      const { address, containers, conflicts } = await clash('10.1.2');

      expect(conflicts.map(({ state }) => state)).to.deep.equal(['kept', 'yielding']);
      await eventually(async () => expect(await conflictOn(h1, address)).to.equal(undefined), YIELDED_MS);
      expect((await conflictOn(h2, address))?.state).to.equal('yielded');
      expect((await containerRoutes(h1.host)).map(({ dst }) => dst)).to.include(address);
      expect((await containerRoutes(h2.host)).map(({ dst }) => dst)).not.to.include(address);
      expect((await untilLearnt(h2.host, address)).gateway, 'the way from the host that yielded').to.equal(
        '10.112.11.1',
      );
      await untilVia(stage.h3, address, '10.112.11.1');

      await first.remove(containers[0]);
      const removedAtMs = performance.now();

      await untilVia(h3, address, '10.112.11.2');
      console.log(`      taken back after ${(performance.now() - removedAtMs).toFixed(0)} ms`);
      expect(await conflictOn(h2, address)).to.equal(undefined);
      expect((await containerRoutes(h2.host)).map(({ dst }) => dst)).to.include(address);
      expect((await statusOf(h2)).cluster).to.include({ yielded: 1, resumed: 1 });
      expect((await statusOf(h1)).cluster).to.include({ yielded: 0, resumed: 0 });
    });
  });
}

/** One way only, by this host. */
async function untilVia({ host }: ClusterStage['h1'], address: string, gateway: string): Promise<void> {
  await eventually(async () => {
    const route = (await learntRoutes(host)).find(({ dst }) => dst === address);
    expect(route?.gateway, `way of ${host.name} to ${address}`).to.equal(gateway);
  }, 10_000);
}

/**
 * Starts a container with this address on both hosts, on the second so much later.
 *
 * @returns undefined when the second, or the first, was refused, with next hop and protocol, and removed
 */
async function claimBoth(
  { h1, h2, h3 }: ClusterStage,
  networks: readonly [DockerCalls, DockerCalls],
  address: string,
  delayMs: number,
): Promise<Clash | undefined> {
  const [first, second] = networks;
  const containers = await Promise.all([first.prepare(address), second.prepare(address)]);
  const joined = await Promise.allSettled([
    first.join(containers[0]),
    sleep(delayMs).then(() => second.join(containers[1])),
  ]);
  const joinedAtMs = Date.now();
  const refused = joined.findIndex(({ status }) => status === 'rejected');
  if (refused !== -1) {
    const reason: unknown = (joined[refused] as PromiseRejectedResult).reason;
    expect((reason as Error).message).to.match(
      / is in use by another host \(route via 10\.112\.11\.\d dev eth1 proto /,
    );
    await Promise.all([first.remove(containers[0]), second.remove(containers[1])]);
    await untilForgotten(h3.host, address);
    return undefined;
  }
  const untilTold = (host: ClusterStage['h1']): Promise<Conflict> =>
    eventually(async () => {
      const conflict = await conflictOn(host, address);
      if (conflict === undefined) throw new Error(`${host.name} has told nothing of ${address}`);
      return conflict;
    }, TOLD_MS);
  const conflicts = await Promise.all([untilTold(h1), untilTold(h2)]);
  const toldMs = conflicts.map(({ since }) => Date.parse(since) - joinedAtMs) as [number, number];
  return { address, containers, conflicts, toldMs };
}
