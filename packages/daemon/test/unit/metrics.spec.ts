import { expect } from 'chai';
import { createNetwork, dockerId, startContainer, wiredDaemon } from '../../../driver/test/unit/support/wired.ts';
import { Metrics } from '../../src/metrics/metrics.ts';

describe('Metrics', () => {
  it('counts what the driver has, does and repairs', async () => {
    const metrics = new Metrics();
    const daemon = await wiredDaemon({ metrics });
    metrics.watch(() => daemon.parts.status.counts());
    const poolId = await createNetwork(daemon);
    await startContainer(daemon, { poolId, endpointId: dockerId('c80b7eea65283f'), address: '10.1.0.2' });
    const link = daemon.kernel.inspect().links.find(({ name }) => name === 'vethrc80b7eea65')!;
    await daemon.kernel.routes.delete({ destination: '10.1.0.2/32', linkIndex: link.index, protocol: 200 });
    daemon.repair();
    await daemon.stop();

    const { text } = await metrics.render();
    metrics.stop();

    expect(text).to.contain('routed_endpoints_joined 1').and.to.contain('routed_networks 1');
    expect(text).to.contain('routed_pool_leases{pool="routed-local/10.1.0.0/16"} 1');
    expect(text).to.contain('routed_forgotten_total{kind="leases"} 0');
    expect(text).to.contain('routed_repairs_total{kind="add-route"} 1');
    expect(text).to.contain('routed_cluster_events_total{kind="conflict-found"} 0');
  });
});
