import { expect } from 'chai';
import { createNetwork, moveToSandbox, startContainer } from '../support/wired.ts';
import { address, endpointId, ids, MAIN, PREVIOUS, TwoAnnouncers, UNANNOUNCED } from '../support/two-announcers.ts';

describe('an address that moves between hosts', () => {
  let hosts: TwoAnnouncers;
  beforeEach(async () => {
    hosts = new TwoAnnouncers();
    await hosts.open();
  });
  afterEach(() => hosts.close());

  const status = () => hosts.daemon.parts.status.report();

  describe('away, by routed.on-conflict=handover', () => {
    it('goes at once to a host with a lower id, goes on being delivered to, and is no conflict', async () => {
      await hosts.run({ 'routed.on-conflict': 'handover' });
      expect(await hosts.rules()).to.equal(0);
      hosts.hear('10.0.0.4');

      await hosts.look();

      expect(hosts.tables()).to.deep.equal([UNANNOUNCED]);
      expect(await hosts.rules()).to.equal(3);
      expect(status()).to.deep.include({ conflicts: [], problems: [] });
      expect(status().cluster).to.include({ conflictsFound: 0, yielded: 0 });
      expect(hosts.daemon.parts.cluster.conflicts.of(address)).to.include({ isHandover: true, state: 'yielded' });
      expect(hosts.daemon.parts.describe(address).announcement).to.include({
        isAnnounced: false,
        reason: 'handed over',
      });
    });

    it('goes to a host with a higher id once that has had the time to yield itself', async () => {
      await hosts.run({ 'routed.on-conflict': 'handover' });
      hosts.hear('10.0.0.10');
      await hosts.look();
      hosts.pass(2_500);
      await hosts.look();
      expect(hosts.tables(), 'while the other host may yield').to.deep.equal([MAIN]);

      hosts.pass(600);
      await hosts.look();

      expect(hosts.tables()).to.deep.equal([UNANNOUNCED]);
    });

    it('stays here when the other host yields meanwhile', async () => {
      await hosts.run({ 'routed.on-conflict': 'handover' });
      hosts.hear('10.0.0.10');
      await hosts.look();
      hosts.hearNothing();
      hosts.pass(4_000);
      await hosts.look();
      await hosts.look();

      expect(hosts.tables()).to.deep.equal([MAIN]);
      expect(await hosts.rules()).to.equal(0);
    });

    it('comes back when nobody announces it any more', async () => {
      await hosts.run({ 'routed.on-conflict': 'handover' });
      hosts.hear('10.0.0.4');
      await hosts.look();
      await hosts.learn();
      hosts.pass(1_100);
      await hosts.look();
      expect(hosts.tables(), 'while the other host announces it').to.deep.equal([UNANNOUNCED]);
      hosts.hearNothing();
      await hosts.learn(false);

      await hosts.look();

      expect(hosts.tables()).to.deep.equal([MAIN]);
      expect(await hosts.rules()).to.equal(0);
      expect(hosts.daemon.parts.cluster.conflicts.of(address)).to.equal(undefined);
    });

    it('stays handed over across a restart of the daemon, without a change in the kernel', async () => {
      await hosts.run({ 'routed.on-conflict': 'handover' });
      await moveToSandbox(hosts.daemon, endpointId);
      hosts.hear('10.0.0.4');
      await hosts.look();
      await hosts.learn();
      const before = hosts.daemon.kernel.inspect();

      await hosts.restart();

      expect(hosts.daemon.kernel.inspect()).to.deep.equal(before);
      expect(hosts.daemon.parts.cluster.conflicts.of(address)).to.include({ isHandover: true, state: 'yielded' });
    });
  });

  describe('away, by an operator', () => {
    it('goes at once, whatever the ids are, and stays so after the time', async () => {
      await hosts.run({});
      await hosts.daemon.parts.endpoints.amend(endpointId, { handoverUntilMs: Date.now() + 60_000 });
      expect(await hosts.daemon.parts.announcements.handovers()).to.have.nested.property('endpoints[0].until');
      hosts.hear('10.0.0.10');
      await hosts.look();
      expect(hosts.tables()).to.deep.equal([UNANNOUNCED]);
      await hosts.learn();

      await hosts.daemon.parts.endpoints.amend(endpointId, { handoverUntilMs: Date.now() - 1 });
      hosts.pass(2_000);
      await hosts.look();

      expect(hosts.tables()).to.deep.equal([UNANNOUNCED]);
      const { endpoints } = await hosts.daemon.parts.announcements.handovers();
      expect(endpoints[0]?.addresses[0]).to.include({ address, state: 'handed over' });
    });

    it('is a conflict again when nobody came in time, and another host comes later', async () => {
      await hosts.run({});
      await hosts.daemon.parts.endpoints.amend(endpointId, { handoverUntilMs: Date.now() - 1 });
      hosts.hear('10.0.0.4');
      await hosts.look();

      expect(hosts.tables()).to.deep.equal([MAIN]);
      expect(status().conflicts[0]).to.include({ state: 'kept' });
      expect(await hosts.daemon.parts.announcements.handovers()).to.deep.equal({ endpoints: [] });
    });
  });

  describe('to this host, by routed.takeover=true', () => {
    it('starts unannounced, marks what is open, and announces with a way to the other host', async () => {
      await hosts.learn();

      await hosts.run({ 'routed.takeover': 'true', 'routed.announce': 'manual' });

      expect(hosts.tables()).to.deep.equal([UNANNOUNCED]);
      expect(hosts.daemon.connections.mark.args).to.deep.equal([[[address], 0x0c00_0000]]);
      expect(hosts.daemon.firewall.acceptMarked.callCount).to.equal(0);
    });

    it('announces at once where its policy is met, and passes on what the other host has begun', async () => {
      await hosts.learn();

      await hosts.run({ 'routed.takeover': 'true' });

      expect(hosts.tables()).to.have.members([MAIN, PREVIOUS]);
      expect(hosts.wayToPrevious()).to.include(hosts.way);
      expect(hosts.daemon.firewall.acceptMarked.lastCall.args).to.deep.equal([0x0800_0000]);
      expect(await hosts.rules()).to.equal(3);
    });

    it('is no conflict while the other host has time to stop, and one after it', async () => {
      await hosts.learn();
      await hosts.run({ 'routed.takeover': 'true' });
      hosts.hear('10.0.0.4');
      await hosts.look();
      expect(status().conflicts).to.deep.equal([]);

      hosts.pass(15_100);
      await hosts.daemon.parts.cluster.conflicts.review();

      expect(status().conflicts[0]).to.include({ state: 'kept' });
    });

    it('leaves a host with a lower id, back after a restart of its router, the time to yield', async () => {
      await hosts.learn();
      await hosts.run({ 'routed.takeover': 'true', 'routed.on-conflict': 'handover' });
      hosts.hear('10.0.0.4');
      await hosts.look();
      hosts.hearNothing();
      await hosts.look();
      hosts.pass(20_000);
      hosts.hear('10.0.0.4');
      await hosts.look();
      hosts.pass(4_900);
      await hosts.look();
      expect(hosts.tables()).to.include(MAIN);

      hosts.pass(200);
      await hosts.look();

      expect(hosts.tables(), 'when it does not').to.not.include(MAIN);
    });

    it('does so when that was away at the takeover, and after a restart of the daemon', async () => {
      await hosts.run({ 'routed.takeover': 'true', 'routed.on-conflict': 'handover' });
      await moveToSandbox(hosts.daemon, endpointId);
      const { cluster, endpoints } = hosts.daemon.parts;
      for (const endpoint of endpoints.all()) await cluster.takeovers.begin(endpoint);
      await hosts.restart();
      hosts.hear('10.0.0.4');
      await hosts.look();
      hosts.pass(4_900);
      await hosts.look();

      expect(hosts.tables()).to.include(MAIN);
    });

    it('leaves the address at once to a host with a lower id that comes long after the takeover', async () => {
      await hosts.learn();
      await hosts.run({ 'routed.takeover': 'true', 'routed.on-conflict': 'handover' });
      await hosts.look();
      await hosts.daemon.parts.endpoints.amend(endpointId, { takenOverAtMs: Date.now() - 120_000 });
      hosts.hear('10.0.0.4');

      await hosts.look();

      expect(hosts.tables()).to.not.include(MAIN);
    });

    it('keeps the way to the other host for an hour after that has stopped, and across a restart', async () => {
      await hosts.learn();
      await hosts.run({ 'routed.takeover': 'true' });
      await moveToSandbox(hosts.daemon, endpointId);
      await hosts.learn(false);
      const before = hosts.daemon.kernel.inspect();
      await hosts.restart();
      expect(hosts.daemon.kernel.inspect()).to.deep.equal(before);
      await hosts.look();

      hosts.pass(3_599_000);
      await hosts.daemon.parts.announcer.review();
      expect(hosts.tables()).to.have.members([MAIN, PREVIOUS]);
      hosts.pass(1_001);
      await hosts.daemon.parts.announcer.review();

      expect(hosts.tables()).to.deep.equal([MAIN]);
      expect(await hosts.rules()).to.equal(0);
      expect(hosts.daemon.firewall.acceptMarked.lastCall.args).to.deep.equal([0]);
    });

    it('changes nothing when its container leaves unannounced', async () => {
      await hosts.learn();
      await hosts.run({ 'routed.takeover': 'true', 'routed.announce': 'healthy' });

      await hosts.daemon.call('NetworkDriver.Leave', ids);
      await hosts.settled();

      expect(hosts.tables()).to.deep.equal([]);
      expect(await hosts.rules()).to.equal(0);
    });

    it('is refused without the option', async () => {
      await hosts.learn();

      const refused = await hosts.run({}).catch((error: unknown) => String(error));

      expect(refused).to.contain('is in use by another host (route via 10.9.0.2 dev eth1 proto ospf)');
    });

    it('keeps the way to the one other member of an anycast address, and to none of several', async () => {
      await hosts.run({ 'routed.takeover': 'true', 'routed.anycast': 'true' });
      expect(hosts.tables()).to.deep.equal([MAIN]);
      const { takeovers } = hosts.daemon.parts.cluster;
      expect(takeovers.sharedFamilies()).to.deep.equal([4]);
      hosts.hear('10.0.0.4');
      await takeovers.reviewShared();
      expect(hosts.tables()).to.have.members([MAIN, PREVIOUS]);
      expect(status().conflicts).to.deep.equal([]);
      hosts.hearNothing();
      await takeovers.reviewShared();
      expect(hosts.tables(), 'while its connections may go on').to.have.members([MAIN, PREVIOUS]);
      hosts.hear('10.0.0.4', ['10.9.0.2', '10.9.0.3']);

      await takeovers.reviewShared();

      expect(hosts.tables()).to.deep.equal([MAIN]);
      expect(await hosts.rules()).to.equal(0);
    });

    it('works for an endpoint of a network without it', async () => {
      await hosts.learn();
      const poolId = await createNetwork(hosts.daemon);

      await startContainer(hosts.daemon, { poolId, endpointId, address, driverOptions: { 'routed.takeover': 'true' } });
      await hosts.settled();

      expect(hosts.tables()).to.have.members([MAIN, PREVIOUS]);
    });
  });
});
