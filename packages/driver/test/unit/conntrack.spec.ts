import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import { checkConntrack } from '../../src/networks/check-conntrack.ts';
import { endpointId, OneContainer } from './support/one-container.ts';
import { createNetwork, dockerId, startContainer, wiredDaemon, type WiredDaemon } from './support/wired.ts';

const off = { 'routed.conntrack': 'off' };
const other = dockerId('abba');

/** The message of what it throws; undefined when it throws nothing. */
function complaint(options: Parameters<typeof checkConntrack>[0]): string | undefined {
  try {
    checkConntrack(options);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('routed.conntrack', () => {
  let docker: OneContainer;
  let daemon: WiredDaemon;
  /** What the filters were last told of a link. */
  const told = (): unknown => (daemon.filters.set.lastCall.args as [{ readonly conntrack?: string }])[0].conntrack;

  beforeEach(async () => {
    docker = new OneContainer();
    daemon = await wiredDaemon({ docker: docker.docker });
  });
  afterEach(() => daemon.stop());

  it('is that of the network, or of the endpoint', async () => {
    const poolId = await createNetwork(daemon, { driverOptions: off });

    await startContainer(daemon, { poolId, endpointId });
    expect(told()).to.equal('off');

    await startContainer(daemon, { poolId, endpointId: other, driverOptions: { 'routed.conntrack': 'on' } });
    expect(told()).to.equal('on');
  });

  it('is told in status, why and what is drained', async () => {
    const poolId = await createNetwork(daemon, { driverOptions: off });
    await startContainer(daemon, { poolId, endpointId });
    docker.start();

    const { endpoints, totals } = daemon.parts.status.report();
    expect(endpoints.map(({ isUntracked }) => isUntracked)).to.deep.equal([true]);
    expect(totals.untracked).to.equal(1);
    const [address = ''] = endpoints[0]?.addresses ?? [];
    expect(daemon.parts.describe(address).endpoint).to.include({ isUntracked: true });
    const drains = await daemon.parts.announcements.drain('web', true);
    expect(drains.endpoints.map(({ isUntracked }) => isUntracked)).to.deep.equal([true]);
  });

  const obstacles: readonly (readonly [Parameters<typeof checkConntrack>[0], Record<string, string>, string])[] = [
    [{ ingress: '10.0.0.0/8' }, { 'routed.ingress': '10.0.0.0/8' }, 'routed.ingress=10.0.0.0/8'],
    [{ egress: 'none' }, { 'routed.egress': 'none' }, 'routed.egress=none'],
    [{ isolation: 'network' }, { 'routed.isolation': 'network' }, 'routed.isolation=network'],
    [{ isTakeover: true }, { 'routed.takeover': 'true' }, 'routed.takeover=true'],
    [{ onConflict: 'handover' }, { 'routed.on-conflict': 'handover' }, 'routed.on-conflict=handover'],
    [{ drainMs: 1 }, { 'routed.drain': '1ms' }, 'routed.drain'],
  ];
  for (const [, driverOptions, what] of obstacles) {
    it(`off is refused to a network with ${what}`, async () => {
      const error = createNetwork(daemon, { driverOptions: { ...off, ...driverOptions } }).then(
        () => 'made',
        (thrown: unknown) => String(thrown),
      );

      expect(await error).to.contain(
        `driver option routed.conntrack=off: ${what} needs connection tracking: omit one of them`,
      );
    });
  }

  it('off is refused exactly beside what needs tracking', () => {
    const harmless = { isolation: 'none', isTakeover: false, onConflict: 'keep', drainMs: 0, ingress: 'any' } as const;
    const chosen = fc.subarray(obstacles.map(([options]) => options));
    fc.assert(
      fc.property(chosen, fc.constantFrom('on', 'off', undefined), (picked, conntrack) => {
        const options = Object.assign({}, harmless, ...picked, conntrack && { conntrack }) as typeof harmless;
        expect(complaint(options) !== undefined).to.equal(conntrack === 'off' && picked.length > 0);
      }),
    );
  });

  it('off is refused to an endpoint with a list, which may have tracking of its own', async () => {
    const poolId = await createNetwork(daemon, { driverOptions: off });
    const listed = { 'routed.ingress': 'none' };

    const error = await startContainer(daemon, { poolId, endpointId, driverOptions: listed }).then(
      () => 'started',
      (thrown: unknown) => String(thrown),
    );

    expect(error).to.contain(
      'routed.ingress=none needs connection tracking: omit it, or add driver-opt routed.conntrack=on',
    );
    await startContainer(daemon, { poolId, endpointId: other, driverOptions: { ...listed, 'routed.conntrack': 'on' } });
    expect(told()).to.equal('on');
  });

  it('off refuses a list from an operator, and takes one that allows everybody', async () => {
    const poolId = await createNetwork(daemon, { driverOptions: off });
    await startContainer(daemon, { poolId, endpointId });
    docker.start();
    const set = (text: string): Promise<unknown> =>
      daemon.parts.filters.set('web', 'egress', { text }).catch((error: unknown) => String(error));

    expect(await set('10.0.0.0/8')).to.contain(
      'routed.egress=10.0.0.0/8: container web has routed.conntrack=off on network web-net, and lists need connection tracking: make it again with driver-opt routed.conntrack=on',
    );
    expect(await daemon.state.sticky.load()).to.deep.equal([]);
    expect(await set('any')).to.be.an('array');
  });

  it('off is refused where the host cannot', async () => {
    daemon.filters.requireUntracked = sinon.fake.rejects(new Error('no nft'));
    const error = createNetwork(daemon, { driverOptions: off }).then(
      () => 'made',
      (thrown: unknown) => String(thrown),
    );

    expect(await error).to.contain('no nft');
    expect(daemon.parts.status.counts().totals.networks).to.equal(0);
  });
});
