import { EventEmitter } from 'node:events';
import type { MonitorEvents, Route } from '@routed/netns';
import { expect } from 'chai';
import sinon from 'sinon';
import type { Claim } from '../../../src/conflicts/claims.ts';
import { ConflictWatch } from '../../../src/conflicts/conflict-watch.ts';
import { DriverEvents } from '../../../src/ground/events.ts';

const claim: Claim = {
  address: '10.1.0.2',
  family: 4,
  endpointId: 'e1',
  policy: 'keep',
  isHandedOver: false,
  wasHandedOver: false,
  isNew: false,
};

describe('ConflictWatch', () => {
  let clock: sinon.SinonFakeTimers;
  let events: DriverEvents;
  let kernel: EventEmitter<MonitorEvents>;
  let claimed: Claim[];
  let inactiveRoutes: string | undefined;
  let conflicts: { check: sinon.SinonSpy; review: sinon.SinonSpy; forgetGone: sinon.SinonSpy };
  let view: { inactiveRoutes: sinon.SinonSpy };
  let watch: ConflictWatch;

  beforeEach(async () => {
    clock = sinon.useFakeTimers();
    events = new DriverEvents();
    kernel = new EventEmitter();
    claimed = [claim];
    inactiveRoutes = '0';
    conflicts = {
      check: sinon.fake.resolves(undefined),
      review: sinon.fake.resolves(undefined),
      forgetGone: sinon.fake.resolves(undefined),
    };
    view = { inactiveRoutes: sinon.fake(() => Promise.resolve(inactiveRoutes)) };
    const claims = {
      all: () => claimed,
      families: () => [...new Set(claimed.map(({ family }) => family))],
      of: (address: string) => claimed.find((one) => one.address === address),
    };
    const logger = { debug: sinon.fake(), info: sinon.fake(), warn: sinon.fake(), error: sinon.fake() };
    const takeovers = { sharedFamilies: () => [], reviewShared: () => Promise.resolve() };
    watch = new ConflictWatch({ events, claims, conflicts, takeovers, view, logger });
    watch.start(kernel);
    await clock.tickAsync(100);
    conflicts.check.resetHistory();
    view.inactiveRoutes.resetHistory();
  });
  afterEach(async () => {
    await watch.stop();
    clock.restore();
  });

  it('asks the router once a second, and looks at no address as long as nothing changes', async () => {
    await clock.tickAsync(5_000);

    expect(view.inactiveRoutes.callCount).to.be.within(4, 5);
    expect(conflicts.check.callCount).to.equal(0);
  });

  it('looks at every address when a route has come that loses', async () => {
    inactiveRoutes = '1';
    await clock.tickAsync(1_000);

    expect(conflicts.check.args).to.deep.equal([[claim]]);
  });

  it('looks soon after an announcement of ours, once for many, and soon again', async () => {
    inactiveRoutes = '1';
    for (let time = 0; time < 5; time++) events.emit('announce', [claim.address]);
    await clock.tickAsync(110);
    expect(view.inactiveRoutes.callCount).to.equal(1);
    expect(conflicts.check.callCount).to.equal(1);

    await clock.tickAsync(500);

    expect(view.inactiveRoutes.callCount).to.equal(3);
  });

  it('looks soon after a route to one of our addresses has changed, and at no other', async () => {
    const change = (destination: string) =>
      kernel.emit('route', { change: 'delete', route: { destination, protocol: 188 } as Route });
    change('10.1.0.3/32');
    change('10.1.0.0/24');
    await clock.tickAsync(110);
    const before = conflicts.review.callCount;

    change('10.1.0.2/32');
    await clock.tickAsync(110);

    expect(conflicts.review.callCount).to.equal(before + 1);
  });

  it('looks at every address every 30 s, whatever the router says', async () => {
    await clock.tickAsync(31_000);

    expect(conflicts.check.callCount).to.equal(1);
  });

  it('lets the router rest after a look at many addresses, and looks again then', async () => {
    claimed = Array.from({ length: 3_000 }, (_, index) => ({ ...claim, address: `10.1.1.${index}` }));
    inactiveRoutes = '1';
    await clock.tickAsync(1_000);
    expect(conflicts.check.callCount).to.equal(3_000);
    inactiveRoutes = '2';

    await clock.tickAsync(2_000);
    expect(conflicts.check.callCount, 'during the rest').to.equal(3_000);
    await clock.tickAsync(2_000);

    expect(conflicts.check.callCount, 'after the rest').to.equal(6_000);
  });

  it('asks nothing without containers, and looks at none when no router answers', async () => {
    inactiveRoutes = undefined;
    await clock.tickAsync(31_000);
    expect(conflicts.check.callCount).to.equal(0);
    view.inactiveRoutes.resetHistory();
    claimed = [];

    await clock.tickAsync(5_000);

    expect(view.inactiveRoutes.callCount).to.equal(0);
  });

  it('tells at once of what a container has lost', () => {
    events.emit('withdraw', [claim.address]);

    expect(conflicts.forgetGone.args).to.deep.equal([[[claim.address]]]);
  });

  it('goes on after a failure', async () => {
    conflicts.review = sinon.fake.rejects(new Error('broken'));
    await clock.tickAsync(1_000);
    conflicts.review = sinon.fake.resolves(undefined);
    inactiveRoutes = '1';
    await clock.tickAsync(1_000);

    expect(conflicts.check.callCount).to.equal(1);
  });
});
