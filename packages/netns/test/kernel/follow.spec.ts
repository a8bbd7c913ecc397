import { expect } from 'chai';

import {
  type FollowEvent,
  type FollowOptions,
  type Followed,
  type FollowedRows,
  type Netns,
  type Rtnl,
  follow,
} from '../../src/index.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import { run } from '../support/enter.ts';
import { failure } from '../support/failure.ts';
import { until } from '../support/until.ts';

/** Holds what a caller knows who does nothing but listen. */
class Follower<Of extends Followed> {
  readonly rows = new Set<FollowedRows[Of]>();
  readonly events: FollowEvent<FollowedRows[Of]>[] = [];
  readonly #end = new AbortController();
  readonly #done: Promise<void>;

  constructor(of: Of, netns: Netns, options: Omit<FollowOptions<Of>, 'netns' | 'signal'> = {}) {
    this.#done = this.#listen(follow(of, { ...options, netns, signal: this.#end.signal }));
    this.#done.catch(() => undefined);
  }

  get names(): string[] {
    return this.events.map(({ event }) => event);
  }

  async close(): Promise<{ code?: string }> {
    this.#end.abort();
    return failure(this.#done);
  }

  async #listen(steps: AsyncIterable<FollowEvent<FollowedRows[Of]>>): Promise<void> {
    for await (const step of steps) {
      this.events.push(step);
      if ('rows' in step) {
        this.rows.clear();
        for (const row of step.rows) this.rows.add(row);
        continue;
      }
      const gone = step.event === 'changed' ? step.previous : step.event === 'deleted' ? step.row : undefined;
      if (gone !== undefined && !this.rows.delete(gone)) throw new Error(`not held: ${JSON.stringify(gone)}`);
      if (step.event !== 'deleted') this.rows.add(step.row);
    }
  }
}

/** Without what says how long something is left, in any order. */
function told(rows: Iterable<object>): string[] {
  return [...rows].map((row) => JSON.stringify({ ...row, preferredSec: 0, validSec: 0, expiresInSec: 0 })).sort();
}

describe('follow', () => {
  let netns: Netns;
  let rtnl: Rtnl;
  let followers: { close(): Promise<unknown> }[];

  beforeEach(async () => {
    netns = await anonymousNetns();
    rtnl = await netns.openRtnl();
    followers = [];
  });

  afterEach(async () => {
    for (const follower of followers) await follower.close();
    await rtnl.close();
    await netns.close();
  });

  function start<Of extends Followed>(of: Of, options?: Omit<FollowOptions<Of>, 'netns' | 'signal'>): Follower<Of> {
    const follower = new Follower(of, netns, options);
    followers.push(follower);
    return follower;
  }

  const ip = (line: string): Promise<string> => run(netns, 'ip', ...line.split(' '));

  /** What the kernel lists, in the words of {@link told}. */
  async function listed(of: Followed): Promise<string[]> {
    const lists = {
      link: () => rtnl.links.list(),
      address: () => rtnl.addresses.list(),
      route: () => rtnl.routes.list(),
      neighbour: () => rtnl.neighbours.list(),
      rule: () => rtnl.rules.list(),
    };
    return told(await lists[of]());
  }

  /** Waits until a follower knows what the kernel lists. */
  async function agree(of: Followed, follower: { readonly rows: Iterable<object> }): Promise<void> {
    let [want, have]: string[][] = [[], []];
    const isSame = async (): Promise<boolean> => {
      [want, have] = [await listed(of), told(follower.rows)];
      return want.join() === have.join();
    };
    await until(isSame, `${of}s agree`).catch(() => expect(have).to.deep.equal(want));
  }

  it('begins with what there is and goes on with what changes', async () => {
    const links = start('link', { filter: { kind: 'veth' } });
    await until(() => links.events.length > 0, 'the snapshot');

    await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    await rtnl.links.set({ name: 'a0' }, { alias: 'mine' });
    await rtnl.links.delete({ name: 'b0' });
    await until(() => links.names.filter((name) => name === 'deleted').length === 2, 'both ends are gone');

    expect(links.events[0]).to.deep.equal({ event: 'snapshot', rows: [] });
    const last = links.events.filter(({ event }) => event === 'changed').map((step) => (step as { row: object }).row);
    expect(last.some((row) => (row as { alias?: string }).alias === 'mine')).to.equal(true);
    expect(links.rows.size).to.equal(0);
  });

  it('leaves out what the snapshot says already', async () => {
    const routes = start('route');
    const [{ index }] = await Promise.all([rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } })]);
    for (let i = 0; i < 50; i++) await rtnl.routes.add({ destination: `10.9.0.${i}/32`, linkIndex: index });
    await agree('route', routes);

    const seen = routes.events.flatMap((step) => ('rows' in step ? step.rows : step.event === 'new' ? [step.row] : []));
    const ours = seen.map(({ destination }) => destination).filter((destination) => destination.startsWith('10.9.'));
    expect(ours).to.have.length(50);
    expect(new Set(ours).size).to.equal(50);
  });

  it('finds the IPv4 routes that go with their link, of which the kernel says nothing', async () => {
    const { index } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    await rtnl.routes.add({ destination: '10.9.0.0/16', linkIndex: index });
    const routes = start('route', { filter: { family: 4 } });
    await until(() => routes.rows.size === 1, 'the snapshot');

    await rtnl.links.set({ index }, { isUp: false });
    await until(() => routes.rows.size === 0, 'the route is gone');

    expect(routes.names).to.deep.equal(['snapshot', 'deleted']);
  });

  it('finds the routes whose next-hop object changes or goes', async () => {
    await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    await rtnl.links.set({ name: 'b0' }, { isUp: true });
    await ip('address add 10.0.0.9/32 dev b0');
    await ip('nexthop add id 7 via 10.0.0.1 dev a0 onlink');
    await rtnl.routes.add({ destination: '10.9.0.0/16', nextHopId: 7 });
    const routes = start('route', { filter: { family: 4, protocol: 3 } });
    await until(() => routes.rows.size === 1, 'the snapshot');

    await ip('nexthop replace id 7 via 10.0.0.2 dev a0 onlink');
    await until(() => [...routes.rows][0]?.gateway === '10.0.0.2', 'the gateway changes');
    await ip('nexthop delete id 7');
    await until(() => routes.rows.size === 0, 'the route is gone');

    await agree('route', start('route'));
  });

  it('tells apart routes that differ in their next hops alone', async () => {
    for (const name of ['a', 'b', 'c']) {
      await rtnl.links.createVeth({ name: `${name}0`, isUp: true, peer: { name: `${name}1` } });
      await rtnl.links.set({ name: `${name}1` }, { isUp: true });
    }
    const routes = start('route');
    await until(() => routes.rows.size > 0, 'the snapshot');

    for (const line of [
      'route append 10.9.0.0/16 dev a0',
      'route append 10.9.0.0/16 dev b0',
      'route delete 10.9.0.0/16 dev a0',
      'route append 10.9.0.0/16 dev c0',
      'route replace 10.9.0.0/16 dev a0',
      '-6 route append fd09::/64 via fe80::1 dev a0',
      '-6 route append fd09::/64 via fe80::1 dev b0',
      '-6 route append fd09::/64 via fe80::1 dev c0',
      '-6 route delete fd09::/64 via fe80::1 dev b0',
      '-6 route replace fd09::/64 via fe80::2 dev b0',
      '-6 route add fd08::/64 dev a0',
      '-6 route append fd08::/64 dev b0',
      'link delete c0',
    ]) {
      await ip(line);
      await agree('route', routes);
    }
    expect(routes.names.filter((name) => name === 'resync')).to.deep.equal([]);
  });

  it('says resync with all rows when the kernel had to drop events', async () => {
    const links = start('link', { receiveBufferBytes: 1 });
    await until(() => links.events.length > 0, 'the snapshot');

    await rtnl.batch(({ links: all }) =>
      Promise.all(Array.from({ length: 60 }, (_, i) => all.createVeth({ name: `a${i}`, peer: { name: `b${i}` } }))),
    );

    await until(() => links.names.includes('resync'), 'the resync');
    await agree('link', links);
  });

  it('knows every table after many changes', async () => {
    const all = (['link', 'address', 'route', 'rule'] as const).map((of) => [of, start(of)] as const);
    const small = start('route', { receiveBufferBytes: 1 });

    for (let round = 0; round < 10; round++) {
      const [a, b] = [`a${round}`, `b${round}`];
      const { index, peerIndex } = await rtnl.links.createVeth({ name: a, isUp: true, peer: { name: b } });
      await rtnl.links.set({ index: peerIndex }, { isUp: true });
      await rtnl.batch(({ addresses, routes, rules }) =>
        Promise.all([
          addresses.add({ linkIndex: index, address: `10.${round}.0.1/24` }),
          addresses.add({ linkIndex: peerIndex, address: `fd00:${round}::1/64`, skipDuplicateDetection: true }),
          rules.add({ family: 4, priority: 100 + round, table: 77, inputLink: a }),
          ...Array.from({ length: 20 }, (_, i) =>
            routes.replace({ destination: `10.99.${i}.0/24`, linkIndex: index, source: `10.${round}.0.1` }),
          ),
        ]),
      );
      if (round % 3 === 2) await rtnl.links.delete({ name: `a${round - 1}` });
      if (round % 4 === 3) await rtnl.addresses.delete({ linkIndex: index, address: `10.${round}.0.1/24` });
    }

    for (const [of, follower] of all) await agree(of, follower);
    await agree('route', small);
  });

  it('sees permanent neighbours come, change and go with their link', async () => {
    const { index: linkIndex } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    const neighbours = start('neighbour', { filter: { linkIndex, family: 4 } });
    await until(() => neighbours.events.length > 0, 'the snapshot');
    const [first, second] = ['02:00:00:00:00:01', '02:00:00:00:00:02'];

    await rtnl.neighbours.add({ linkIndex, address: '10.0.0.9', mac: first });
    await rtnl.neighbours.replace({ linkIndex, address: '10.0.0.9', mac: second });
    await until(() => [...neighbours.rows][0]?.mac === second, 'the other MAC address');
    await rtnl.links.delete({ index: linkIndex });
    await until(() => neighbours.rows.size === 0, 'the entry is gone');

    expect(neighbours.names).to.deep.equal(['snapshot', 'new', 'changed', 'deleted']);
  });

  it('ends with its signal, and refuses what it does not understand', async () => {
    const links = start('link');
    await until(() => links.events.length > 0, 'the snapshot');
    const first = (of: string, options: object): Promise<unknown> => follow(of as 'link', options).next();

    expect(await links.close()).to.include({ code: 'ABORTED' });
    expect(await failure(first('link', { netns, signal: AbortSignal.abort() }))).to.include({ code: 'ABORTED' });
    expect(await failure(first('lnik', {}))).to.include({ code: 'EINVAL' });
    expect(await failure(first('link', { filter: { kin: 'veth' } }))).to.include({ code: 'EINVAL', attribute: 'kin' });
    expect(await failure(first('neighbour', { filter: { isProxy: true } }))).to.include({ code: 'EINVAL' });
    expect(await failure(first('link', { sginal: 1 }))).to.include({ code: 'INVALID_ARGUMENT' });
  });
});
