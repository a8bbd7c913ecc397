import { LINK_GROUP, MAIN_TABLE } from '@routed/datapath';
import { EventEmitter } from 'node:events';
import type { RulesetWatchEvents } from '@routed/netfilter';
import type { Address, Link, MonitorEvents, Route } from '@routed/netns';
import { expect } from 'chai';
import sinon from 'sinon';
import type { Network } from '../../src/networks/network.ts';
import { KernelWatch } from '../../src/upkeep/kernel-watch.ts';

describe('KernelWatch', () => {
  let clock: sinon.SinonFakeTimers;
  let watch: KernelWatch;
  let events: EventEmitter<MonitorEvents>;
  let ruleset: EventEmitter<RulesetWatchEvents>;
  let repair: sinon.SinonSpy;
  let repairHost: sinon.SinonSpy;
  let joined: Set<string>;
  let links: Map<number, Partial<Link>>;
  beforeEach(() => {
    clock = sinon.useFakeTimers();
    events = new EventEmitter();
    ruleset = new EventEmitter();
    repair = sinon.fake();
    repairHost = sinon.fake();
    joined = new Set(['e1']);
    const endpoints = {
      isJoined: (id: string) => joined.has(id),
      endpointAt: (destination: string) => (destination === '10.1.0.2/32' ? 'e1' : undefined),
      idOfLink: (name: string) => (name === 'vethre1' ? 'e1' : undefined),
    };
    const networks = { all: () => [{ pools: [{ gateway: '10.9.0.1' }] }] as unknown as Network[] };
    const blocks = { has: (prefix: string) => prefix === '10.1.0.64/26' };
    links = new Map([[7, { group: LINK_GROUP, alias: 'routed:e1' }]]);
    const linkAt = (index: number): Promise<Link | undefined> => Promise.resolve(links.get(index) as Link | undefined);
    watch = new KernelWatch({ endpoints, networks, blocks, linkAt, repair, repairHost });
    watch.start({ events, ruleset });
  });
  afterEach(() => clock.restore());

  const lostAddress = (address: string, linkIndex = 7): unknown =>
    events.emit('address', { change: 'delete', address: { address, linkIndex } as Address });

  const route = (change: 'new' | 'delete', destination: string, protocol = 200): unknown =>
    events.emit('route', { change, route: { destination, protocol, table: MAIN_TABLE } as Route });
  const lostRoute = (destination: string, protocol = 200): unknown => route('delete', destination, protocol);
  const link = (change: 'new' | 'delete', isUp: boolean, group = LINK_GROUP): unknown =>
    events.emit('link', { change, link: { name: 'vethre1', alias: 'routed:e1', group, isUp } as Link });

  function repairs(): number {
    clock.tick(150);
    return repair.callCount;
  }

  it('calls for a repair when the link that shapes what a container sends is deleted, and not when we delete it', () => {
    const shaping = (change: 'new' | 'delete', group = LINK_GROUP): unknown =>
      events.emit('link', {
        change,
        link: { name: 'ifbr-e1', kind: 'ifb', alias: 'routed-limit:e1', group, isUp: false } as Link,
      });
    shaping('new');
    shaping('delete', LINK_GROUP + 1);
    expect(repairs()).to.equal(0);

    shaping('delete');

    expect(repairs()).to.equal(1);
    expect(repairHost.callCount).to.equal(0);
  });

  it('calls for a repair when somebody deletes the route of a joined endpoint, once for many', () => {
    lostRoute('10.1.0.2/32');
    lostRoute('10.1.0.2/32');

    expect(repairs()).to.equal(1);
  });

  it('calls for none when the endpoint was leaving', () => {
    lostRoute('10.1.0.2/32');
    joined.delete('e1');

    expect(repairs()).to.equal(0);
  });

  it('gives every endpoint its own time to settle', () => {
    joined.add('e2');
    link('new', true);
    events.emit('link', { change: 'new', link: { alias: 'routed:e2', group: LINK_GROUP, isUp: false } as Link });
    clock.tick(90);
    lostRoute('10.1.0.2/32');
    joined.delete('e2');
    clock.tick(20);
    expect(repair.callCount, 'after the first has settled').to.equal(0);
    joined.delete('e1');

    expect(repairs()).to.equal(0);
  });

  it("does not care for others' routes and links", () => {
    lostRoute('10.1.0.2/32', 4);
    lostRoute('10.9.0.0/16');
    link('new', false, 0);
    link('new', true);

    expect(repairs()).to.equal(0);
  });

  it("calls for a repair when another's route comes in the place of that of a joined endpoint", () => {
    route('new', '10.1.0.2/32');
    expect(repairs()).to.equal(0);

    route('new', '10.1.0.2/32', 4);

    expect(repairs()).to.equal(1);
  });

  it('calls for a repair of the host when a route of a block goes, or another comes in its place', () => {
    const hostRepairs = (): number => {
      clock.tick(500);
      return repairHost.callCount;
    };
    route('new', '10.1.0.64/26', 201);
    route('new', '10.1.0.128/26', 3);
    expect(hostRepairs()).to.equal(0);

    lostRoute('10.1.0.64/26', 201);
    expect(hostRepairs()).to.equal(1);
    lostRoute('10.1.0.64/27', 201);
    expect(hostRepairs()).to.equal(2);
    route('new', '10.1.0.64/26', 3);
    expect(hostRepairs()).to.equal(3);
  });

  it("calls for a repair when the gateway's address goes from the link of a joined endpoint", async () => {
    lostAddress('fe80::1/64');
    lostAddress('fe80::1/64', 8);
    await clock.tickAsync(150);
    expect(repair.callCount).to.equal(1);

    lostAddress('fe80::1/64');
    joined.delete('e1');
    await clock.tickAsync(150);

    expect(repair.callCount).to.equal(1);
  });

  it('calls for a repair when traffic control goes from a link of a joined endpoint, or from the one that shapes', async () => {
    links.set(8, { group: LINK_GROUP, alias: 'routed-limit:e1' });
    links.set(9, { group: 0, alias: 'routed:e1' });
    const tc = async (change: 'new' | 'delete', linkIndex: number): Promise<number> => {
      events.emit('tc', { change, sort: 'qdisc', linkIndex });
      await clock.tickAsync(150);
      return repair.callCount;
    };
    expect([await tc('new', 7), await tc('delete', 9), await tc('delete', 10)]).to.deep.equal([0, 0, 0]);

    expect(await tc('delete', 7)).to.equal(1);
    expect(await tc('delete', 8)).to.equal(2);
    joined.delete('e1');
    expect(await tc('delete', 8)).to.equal(2);
  });

  it('calls for a repair when a link was set down or deleted', () => {
    link('new', false);
    expect(repairs()).to.equal(1);
    link('delete', true);
    expect(repairs()).to.equal(2);
  });

  const damages: readonly [string, Partial<Link>][] = [
    ['was renamed', { name: 'eth7' }],
    ['lost its alias', { alias: 'mine' }],
    ["has another endpoint's alias", { alias: 'routed:e2' }],
    ['is in another group', { group: 0 }],
    ['was put into a bridge', { masterIndex: 7 }],
  ];
  for (const [what, damage] of damages) {
    it(`calls for a repair when a link ${what}`, () => {
      const fine = { name: 'vethre1', alias: 'routed:e1', group: LINK_GROUP, isUp: true };
      events.emit('link', { change: 'new', link: { ...fine, ...damage } as Link });

      expect(repairs()).to.equal(1);
    });
  }

  it('calls for none when a link is being made', () => {
    events.emit('link', { change: 'new', link: { name: 'vethre1', group: LINK_GROUP, isUp: false } as Link });

    expect(repairs()).to.equal(0);
  });

  it('calls for a repair when events were lost, and survives a broken socket', () => {
    events.emit('overrun');
    events.emit('error', new Error('gone') as never);

    expect(repairs()).to.equal(1);
  });

  describe('of the host', () => {
    const change = (name: string, kind?: string): unknown =>
      events.emit('link', { change: 'new', link: { name, kind, group: 0, isUp: true } as Link });

    function hostRepairs(ms = 150): number {
      clock.tick(ms);
      return repairHost.callCount;
    }

    it('calls for a repair when rules were taken away, once for many', () => {
      ruleset.emit('damage', 'forward');
      ruleset.emit('damage', 'forward');

      expect(hostRepairs()).to.equal(1);
      expect(repair.callCount).to.equal(0);
    });

    it('leaves a quarter of a second between two, and forgets neither', () => {
      ruleset.emit('damage', 'forward');
      hostRepairs();
      ruleset.emit('damage', 'forward');

      expect(hostRepairs(100)).to.equal(1);
      expect(hostRepairs(150)).to.equal(2);
    });

    it('calls for one when a link comes that may lead to other hosts', () => {
      change('vethr0123456789', 'veth');
      change('veth1234567', 'veth');
      expect(hostRepairs()).to.equal(0);

      change('eth1');

      expect(hostRepairs()).to.equal(1);
    });

    it("calls for one when a network's gateway loses its address, wherever it was", () => {
      lostAddress('10.9.0.2/32', 1);
      expect(hostRepairs()).to.equal(0);

      lostAddress('10.9.0.1/32', 1);

      expect(hostRepairs()).to.equal(1);
    });

    it('calls for one when forwarding is switched off for the host, by family', () => {
      const forwarding = (of: number | 'all' | 'default', isForwarding: boolean): unknown =>
        events.emit('netconf', { change: 'new', family: 4, of, isForwarding });
      forwarding('all', true);
      forwarding('default', false);
      forwarding(3, false);
      expect(hostRepairs()).to.equal(0);

      forwarding('all', false);

      expect(hostRepairs()).to.equal(1);
    });

    it('calls for one when a rule of policy routing of ours goes', () => {
      const rule = (change: 'new' | 'delete', protocol: number): unknown =>
        events.emit('rule', { change, rule: { family: 4, priority: 32_702, action: 'lookup', table: 7200, protocol } });
      rule('new', 200);
      rule('delete', 3);
      expect(hostRepairs()).to.equal(0);

      rule('delete', 200);

      expect(hostRepairs()).to.equal(1);
    });

    it('calls for one when a default route comes, which may show an uplink', () => {
      route('new', '10.0.0.0/8', 4);
      expect(hostRepairs()).to.equal(0);

      route('new', '::/0', 9);

      expect(hostRepairs()).to.equal(1);
    });

    it('calls for one when events were lost, and for none once it has stopped', () => {
      events.emit('overrun');
      expect(hostRepairs()).to.equal(1);
      ruleset.emit('damage', 'forward');
      watch.stop();
      ruleset.emit('damage', 'forward');

      expect(hostRepairs(1000)).to.equal(1);
    });
  });
});
