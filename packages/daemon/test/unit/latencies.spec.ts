import { expect } from 'chai';
import { Metrics } from '../../src/metrics/metrics.ts';

describe('latencies', () => {
  let metrics: Metrics;
  beforeEach(() => (metrics = new Metrics()));
  afterEach(() => metrics.stop());

  it('are the bounds that half of the calls, and nearly all, are within', async () => {
    for (let call = 0; call < 98; call++) metrics.onCall('NetworkDriver.Join', 'ok', 0.0015);
    metrics.onCall('NetworkDriver.Join', 'failed', 0.015);
    metrics.onCall('NetworkDriver.Join', 'failed', 0.4);
    metrics.observeWithdrawal(99);

    const found = await metrics.latencies();

    const join = found.find(({ name }) => name === 'Join');
    expect(join).to.include({ count: 100, failed: 2, medianMs: 2, p99Ms: 20 });
    expect(join?.meanMs).to.be.closeTo(5.62, 0.01);
    expect(found.find(({ name }) => name === 'Leave')).to.include({ count: 0, medianMs: 0, p99Ms: 0 });
    expect(found.find(({ name }) => name === 'Withdrawal')).to.include({ count: 1, p99Ms: Infinity });
  });
});
