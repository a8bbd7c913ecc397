import { expect } from 'chai';
import { createNetwork, dockerId, startContainer, wiredDaemon } from '../../../driver/test/unit/support/wired.ts';
import type { RouterReport } from '@routed/quagga/show';
import { Metrics } from '../../src/metrics/metrics.ts';

describe('Metrics', () => {
  it('counts what the driver has, does and repairs', async () => {
    const metrics = new Metrics();
    const daemon = await wiredDaemon({ metrics });
    metrics.watch({
      counts: () => daemon.parts.status.counts(),
      connectionsLeft: () => Promise.resolve(0),
      limits: () => Promise.resolve([]),
    });
    const poolId = await createNetwork(daemon);
    await startContainer(daemon, { poolId, endpointId: dockerId('c80b7eea65283f'), address: '10.1.0.2' });
    const link = daemon.kernel.inspect().links.find(({ name }) => name === 'vethrc80b7eea65')!;
    await daemon.kernel.routes.delete({ destination: '10.1.0.2/32', linkIndex: link.index, protocol: 200 });
    daemon.repair();
    await daemon.stop();

    const { text } = await metrics.render();
    metrics.stop();

    expect(text).to.contain('routed_endpoints_joined 1').and.to.contain('routed_networks 1');
    expect(text).to.contain('routed_pool_leases{pool="routed-local/10.1.0.0/16",network="c98909000000"} 1');
    expect(text).to.contain('routed_plugin_call_seconds_count{method="NetworkDriver.Join",outcome="failed"} 0');
    expect(text).to.contain('routed_repairs_total{kind="rules"} 0');
    expect(text).to.contain('routed_filtered_packets_total{reason="ingress"} 0');
    expect(text).to.match(/^routed_build_info\{version="\S+",node="\S+"\} 1$/m);
    expect(text).to.match(/^process_cpu_seconds_total [\d.]+$/m);
    expect(text).to.contain('routed_forgotten_total{kind="leases"} 0');
    expect(text).to.contain('routed_repairs_total{kind="add-route"} 1');
    expect(text).to.contain('routed_cluster_events_total{kind="conflict-found"} 0');
    expect(text).to.contain('routed_endpoints{policy="always",state="announced",reason="always"} 1');
    expect(text).to.contain('routed_drains_total{kind="stop",event="time-over"} 0');
    expect(text).not.to.contain('10.1.0.2"');
  });

  it('names the network of a pool once Docker has said it, and adds up what filters dropped', async () => {
    const metrics = new Metrics();
    const known = { id: dockerId('c98909'), name: 'apps', driver: 'routed', ipamDriver: 'routed', options: {} };
    const daemon = await wiredDaemon({ metrics, dockerNetworks: [{ ...known, subnets: [] }] });
    const { status } = daemon.parts;
    metrics.watch({
      counts: () => status.counts(),
      connectionsLeft: () => Promise.resolve(0),
      refreshNames: () => status.refreshNames(),
      filtered: () => Promise.resolve({ ingress: 7, egress: 3, spoofed: 2 }),
    });
    await createNetwork(daemon);

    const { text } = await metrics.render();
    await daemon.stop();
    metrics.stop();

    expect(text).to.contain('routed_pool_size{pool="routed-local/10.1.0.0/16",network="apps"} 65534');
    expect(text).to.contain('routed_filtered_packets_total{reason="ingress"} 7');
    expect(text).to.contain('routed_filtered_packets_total{reason="egress"} 3');
    expect(text).to.contain('routed_filtered_packets_total{reason="spoofed"} 2');
  });

  it('has a series for each address where it was asked for, and none of an address that has gone', async () => {
    const metrics = new Metrics();
    const daemon = await wiredDaemon({ metrics });
    const { status } = daemon.parts;
    let left: number | undefined = 2;
    metrics.watch({
      counts: () => status.counts(),
      connectionsLeft: () => Promise.resolve(left),
      limits: () => Promise.resolve([]),
      addresses: () => status.addresses(),
    });
    const poolId = await createNetwork(daemon);
    await startContainer(daemon, { poolId, endpointId: dockerId('c80b7eea65283f'), address: '10.1.0.2' });
    metrics.observeWithdrawal(0.004);

    const { text } = await metrics.render();
    await daemon.parts.endpoints.delete(dockerId('c80b7eea65283f'));
    left = undefined;
    const { text: after } = await metrics.render();
    await daemon.stop();
    metrics.stop();

    expect(text).to.contain(
      'routed_address_announced{address="10.1.0.2",network="c98909000000",container="c80b7eea6528"} 1',
    );
    expect(text).to.contain('routed_drain_connections_left 2');
    expect(text).to.contain('routed_withdraw_seconds_bucket{le="0.005"} 1');
    expect(after).not.to.contain('10.1.0.2');
    expect(after).to.contain('routed_drain_connections_left Nan');
  });

  it('has series for each limit, and none of a container that has gone', async () => {
    const metrics = new Metrics();
    const daemon = await wiredDaemon({ metrics });
    const { status, limitReader } = daemon.parts;
    metrics.watch({
      counts: () => status.counts(),
      connectionsLeft: () => Promise.resolve(0),
      limits: () => limitReader.rows(),
    });
    const poolId = await createNetwork(daemon, { driverOptions: { 'routed.rate-in': '100mbit' } });
    const endpointId = dockerId('c80b7eea65283f');
    await startContainer(daemon, { poolId, endpointId });

    const { text } = await metrics.render();
    await daemon.parts.endpoints.delete(endpointId);
    const { text: after } = await metrics.render();
    await daemon.stop();
    metrics.stop();

    const labels = '{network="c98909000000",container="c80b7eea6528",direction="in"}';
    expect(text).to.contain(`routed_limit_bits_per_second${labels} 100000000`);
    expect(text).to.contain(`routed_limit_dropped_packets_total${labels} 0`);
    expect(text).not.to.contain('direction="out"');
    expect(after).not.to.contain(labels);
  });

  it('has series of the routers where they were asked for, and none of a neighbor that has gone', async () => {
    const metrics = new Metrics();
    const daemon = await wiredDaemon({ metrics });
    const session = { protocol: 'bgp', neighbor: '10.0.0.2', link: '', state: 'Idle', isUp: false, upSec: 0 } as const;
    const limit = { prefixes: 100, endsSession: true };
    const known = {
      ...session,
      flaps: 2,
      lastError: 'Cease/Maximum Number of Prefixes Reached',
      prefixes: [{ family: 'ipv4', received: 7, sent: 3, limit }],
    } as const;
    let answer: RouterReport = { daemons: [{ daemon: 'bgpd', answers: true }], neighbors: [known] };
    metrics.watch({
      counts: () => daemon.parts.status.counts(),
      connectionsLeft: () => Promise.resolve(0),
      limits: () => Promise.resolve([]),
      routers: () => Promise.resolve(answer),
    });

    const { text } = await metrics.render();
    answer = { daemons: [{ daemon: 'bgpd', answers: false }], neighbors: [] };
    const { text: after } = await metrics.render();
    await daemon.stop();
    metrics.stop();

    const neighbor = 'protocol="bgp",neighbor="10.0.0.2",link=""';
    expect(text).to.contain('routed_router_daemon_up{daemon="bgpd"} 1');
    expect(text).to.contain(`routed_router_neighbor_up{${neighbor}} 0`);
    expect(text).to.contain(`routed_router_neighbor_state{${neighbor},state="Idle"} 1`);
    expect(text).to.contain(`routed_router_neighbor_flaps_total{${neighbor}} 2`);
    expect(text).to.contain(`last_error{${neighbor},reason="Cease/Maximum Number of Prefixes Reached"} 1`);
    expect(text).to.contain(`routed_router_prefixes_received{${neighbor},family="ipv4"} 7`);
    expect(text).to.contain(`routed_router_prefixes_limit{${neighbor},family="ipv4",action="end-session"} 100`);
    expect(after).to.contain('routed_router_daemon_up{daemon="bgpd"} 0');
    expect(after).not.to.contain('10.0.0.2');
  });
});
