import { expect } from 'chai';
import sinon from 'sinon';
import { daemonReport } from '../../src/reports/daemon-report.ts';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const networkId = dockerId('c98909');

describe('what the daemon says of itself', () => {
  let daemon: WiredDaemon;
  const metrics = {
    countRepair: sinon.fake(),
    onError: sinon.fake(),
    observeRound: sinon.fake(),
    observeWithdrawal: sinon.fake(),
  };
  beforeEach(async () => {
    daemon = await wiredDaemon({ metrics });
    const poolId = await createNetwork(daemon, { driverOptions: { 'routed.prefixes': '192.168.7.0/24' } });
    const driverOptions = { 'routed.addresses': '192.168.7.9' };
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2', driverOptions });
  });
  afterEach(() => daemon.stop());

  it('names networks, pools and endpoints', () => {
    const { networks, endpoints, problems } = daemon.parts.status.report();

    expect(problems).to.deep.equal([]);
    expect(networks).to.deep.equal([
      {
        id: networkId,
        mtuBytes: 1500,
        pools: [{ prefix: '10.1.0.0/16', gateway: '169.254.1.1', leased: 1, size: 65534 }],
        prefixes: ['192.168.7.0/24'],
        endpoints: 1,
      },
    ]);
    expect(endpoints[0]).to.deep.include({
      id: endpointId,
      link: 'vethrc80b7eea65',
      addresses: ['10.1.0.2', '192.168.7.9'],
      gateways: ['169.254.1.1'],
    });
  });

  it('can be made in steps, with others in between', () => {
    const steps = daemon.parts.status.steps();
    let count = 0;
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) count++;

    // Reading the clock differs: it goes on.
    const { uptimeSec, reconciledMsAgo, ...stepped } = step.value;
    const { uptimeSec: now, reconciledMsAgo: ago, ...whole } = daemon.parts.status.report();
    expect(count).to.be.at.least(1);
    expect(stepped).to.deep.equal(whole);
    expect([now, ago ?? 0]).to.satisfy(([later = 0]: number[]) => later >= uptimeSec);
    expect(reconciledMsAgo === undefined).to.equal(ago === undefined);
  });

  it('tells what happened to an address, and what it is', () => {
    const record = daemon.parts.describe('10.1.0.2');

    expect(record.lease).to.deep.include({ purpose: 'endpoint', holder: 'endpoint c80b7eea6528' });
    expect(record.endpoint?.id).to.equal(endpointId);
    expect(record.history.map(({ kind }) => kind)).to.deep.equal(['leased', 'announced']);
    expect(daemon.parts.describe('10.9.0.1')).to.deep.equal({ address: '10.9.0.1', history: [] });
  });

  it('counts and tells what was repaired', async () => {
    const link = daemon.kernel.inspect().links.find(({ name }) => name === 'vethrc80b7eea65')!;
    await daemon.kernel.routes.delete({ destination: '10.1.0.2/32', linkIndex: link.index, protocol: 200 });

    daemon.repair();
    await daemon.stop();

    sinon.assert.calledOnceWithExactly(metrics.countRepair, 'add-route');
    expect(daemon.parts.describe('10.1.0.2').history.at(-1)).to.include({ kind: 'repaired' });
    expect(daemon.parts.status.report().lastRound?.repairs).to.deep.equal({ 'add-route': 1 });
    expect(daemon.parts.status.report().reconciledMsAgo).to.be.within(0, 60_000);
  });

  it('is as its readers expect it once it has travelled', async () => {
    daemon.repair();
    await daemon.stop();
    const report = await daemon.parts.status.completeReport();

    const travelled: unknown = JSON.parse(JSON.stringify(report));

    expect(daemonReport.strict().parse(travelled)).to.deep.equal(travelled);
    expect(report.totals).to.include({ networks: 1, joined: 1, idle: 0 });
    expect(report.mountNamespace).to.match(/^mnt:\[\d+\]$/);
  });
});
