import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MonitorEvents, RouteSpec } from '@routed/netns';
import { expect } from 'chai';
import {
  createNetwork,
  dockerId,
  moveToSandbox,
  startContainer,
  type WiredDaemon,
  wiredDaemon,
} from './support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const address = 'fd00:1::2';

describe('a route of somebody else to the address of a container', () => {
  let daemon: WiredDaemon;
  let theirs: RouteSpec;
  beforeEach(async () => {
    daemon = await wiredDaemon();
    const poolId = await createNetwork(daemon, { subnet: 'fd00:1::/64' });
    await startContainer(daemon, { poolId, endpointId, address });
    await moveToSandbox(daemon, endpointId);
    const { index: linkIndex } = await daemon.kernel.links.createDummy({ name: 'dummy0', isUp: true });
    // A better metric than the 1024 of ours, beside which it stays.
    theirs = { destination: `${address}/128`, linkIndex, protocol: 4, metric: 512 };
  });
  afterEach(async () => {
    daemon.parts.hidden.stop();
    await daemon.stop();
  });

  const problems = (): string => daemon.parts.status.report().problems.join();
  const history = () => daemon.parts.describe(address).history.filter(({ kind }) => kind === 'hidden');

  it('is told in status, events and log, once, with prefix, device, protocol and metric', async () => {
    await daemon.kernel.routes.add(theirs);

    await daemon.parts.hidden.check();
    await daemon.parts.hidden.check();

    const text =
      /^address fd00:1::2 of endpoint c80b7eea6528 is unreachable: .*\(fd00:1::2\/128 dev dummy0 proto 4 metric 512\)/;
    expect(problems()).to.match(text);
    expect(history()).to.have.lengthOf(1);
    expect(history()[0]?.detail).to.match(text);
    expect(daemon.warnings.callCount).to.equal(1);
  });

  it('is said to be over when it is gone', async () => {
    await daemon.kernel.routes.add(theirs);
    await daemon.parts.hidden.check();
    await daemon.kernel.routes.delete(theirs);

    await daemon.parts.hidden.check();

    expect(problems()).to.equal('');
    expect(history().at(-1)?.detail).to.match(/^ended: /);
  });

  it('is forgotten with the container', async () => {
    await daemon.kernel.routes.add(theirs);
    await daemon.parts.hidden.check();

    await daemon.call('NetworkDriver.Leave', { NetworkID: dockerId('c98909'), EndpointID: endpointId });
    await daemon.parts.hidden.check();

    expect(daemon.parts.hidden.all()).to.deep.equal([]);
  });

  it('is noticed as soon as it is made', async () => {
    const events = new EventEmitter<MonitorEvents>();
    daemon.parts.hidden.listenTo(events);
    await daemon.kernel.routes.add(theirs);
    const route = daemon.kernel.inspect().routes.find(({ protocol }) => protocol === 4);

    events.emit('route', { change: 'new', route: route! });
    await sleep(600);

    expect(problems()).to.contain('is unreachable');
  });

  it('hides nothing with a worse metric, or for the time that ours is missing', async () => {
    await daemon.kernel.routes.add({ ...theirs, metric: 2000 });
    await daemon.kernel.routes.add({ ...theirs, destination: 'fd00:1::/64', metric: 512 });
    await daemon.parts.hidden.check();
    expect(problems()).to.equal('');

    await daemon.kernel.routes.delete({ ...theirs, metric: 2000 });
    await daemon.kernel.routes.delete({ destination: `${address}/128` });
    await daemon.parts.hidden.check();

    expect(problems()).to.equal('');
  });
});
