import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { LabError, openLab, watchRoutes, type Host, type Lab, type Router } from '@routed/lab';

const ospf = (routerId: string): string => `
interface eth1
 ip ospf network point-to-point
 ip ospf area 0
 ip ospf dead-interval minimal hello-multiplier 4
router ospf
 ospf router-id ${routerId}
 redistribute kernel
`;

/** One ping; whether it was answered. */
async function isAnswered(from: Host, to: string): Promise<boolean> {
  return (await from.exec(['ping', '-c', '1', '-W', '1', to], { check: false })).exitCode === 0;
}

/** Whether the other host's route comes, or goes, before the deadline. */
async function untilRoute(host: Host, destination: string, isThere: boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const { stdout } = await host.exec(['ip', 'route', 'show', destination, 'proto', 'ospf']);
    if ((stdout !== '') === isThere) return;
    if (performance.now() > deadline)
      expect.fail(`${host.name}: ${destination} is ${isThere ? 'not there' : 'still there'}`);
    await sleep(50);
  }
}

describe('two hosts on a wire', () => {
  let lab: Lab;
  let first: Host;
  let second: Host;

  before(async () => {
    lab = await openLab({ log: console.log });
    const spec = { engine: 'none', router: '8.4', uplink: 'none', ipForward: true } as const;
    [first, second] = await Promise.all([lab.addHost(spec), lab.addHost(spec)]);
    await lab.addWire(
      { host: first, link: 'eth1', address: '10.112.0.0/31' },
      { host: second, link: 'eth1', address: '10.112.0.1/31' },
    );
  });

  after(() => lab.close());

  it('reach each other', async () => {
    expect(await isAnswered(first, '10.112.0.1')).to.equal(true);
  });

  it('do not reach each other while the link is cut, and see no carrier change', async () => {
    await lab.cut(first);
    expect(await isAnswered(first, '10.112.0.1')).to.equal(false);
    for (const host of [first, second]) {
      expect((await host.exec(['ip', '-br', 'link', 'show', 'eth1'])).stdout).to.match(/^eth1@\S+ +UP /);
    }

    await lab.restore(first);
    expect(await isAnswered(first, '10.112.0.1')).to.equal(true);
  });

  it('lose part of the packets when told so', async () => {
    await lab.setLoss(second, 30);
    const { stdout } = await first.exec(['ping', '-q', '-i', '0.01', '-c', '200', '-W', '1', '10.112.0.1'], {
      check: false,
    });
    await lab.restore(second);

    // 30 percent on the way, and 30 of the rest on the way back.
    expect(Number(/([\d.]+)% packet loss/.exec(stdout)?.[1])).to.be.within(30, 70);
  });

  it('has no impairment left when several were asked for and ended at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([lab.cut(first), lab.cut(second)]);
      await Promise.all([lab.restore(first), lab.restore(second)]);
      expect(await isAnswered(first, '10.112.0.1'), `round ${round}`).to.equal(true);
    }
  });

  it('refuses a loss that is none', async () => {
    const refusal = await lab.setLoss(first, 130).catch((error: unknown) => error);

    expect(refusal).to.be.instanceOf(RangeError);
  });

  it('hears of a route from the moment that the watch is open', async () => {
    await using watch = await watchRoutes(first);

    await first.exec(['ip', 'route', 'add', '192.0.2.1/32', 'via', '10.112.0.1']);
    const came = await watch.find(({ destination }) => destination === '192.0.2.1');
    await first.exec(['ip', 'route', 'delete', '192.0.2.1/32']);
    const went = await watch.find(({ destination, isGone }) => destination === '192.0.2.1' && isGone);

    expect(came.isGone).to.equal(false);
    expect(went.atMs).to.be.above(came.atMs);
  });

  describe('with routers', () => {
    let routers: readonly Router[];

    before(async () => {
      const start = (host: Host, id: string): Promise<Router> =>
        host.startRouter({ files: [{ name: 'frr.conf', text: ospf(id) }], daemons: ['ospfd'] });
      routers = await Promise.all([start(first, '10.0.0.1'), start(second, '10.0.0.2')]);
      await first.exec(['ip', 'route', 'add', 'blackhole', '10.1.0.2/32', 'proto', '200']);
      await untilRoute(second, '10.1.0.2', true);
    });

    it('says which release runs', () => {
      expect(routers[0]?.version).to.match(/^8\./);
    });

    it('asks a router', async () => {
      expect(await routers[1]?.vtysh('show ip ospf neighbor')).to.match(/10\.0\.0\.1 .*Full/);
    });

    it('loses the routes with a killed daemon and has them again with a new one', async () => {
      await routers[0]?.stop('SIGKILL', 'ospfd');
      await untilRoute(second, '10.1.0.2', false);

      await routers[0]?.start('ospfd');
      await untilRoute(second, '10.1.0.2', true);
    });

    it('takes another configuration, a file for each daemon', async () => {
      const text = ospf('10.0.0.1').replace(' redistribute kernel\n', '');

      await routers[0]?.reconfigure({ files: [{ name: 'ospfd.conf', text }], daemons: ['ospfd'] });

      await untilRoute(second, '10.1.0.2', false);
      expect(await routers[0]?.vtysh('show running-config')).not.to.contain('redistribute');
    });
  });

  it('says that a host was made without routers', async () => {
    const host = await lab.addHost({ engine: 'none' });

    const refusal = await host.startRouter({ files: [], daemons: [] }).catch((error: unknown) => error);

    expect(refusal).to.be.instanceOf(LabError).with.property('code', 'no-router');
  });
});
