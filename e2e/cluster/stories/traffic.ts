import { expect } from 'chai';
import type { Host } from '@routed/lab';
import { ping } from '../../support/containers.ts';
import {
  createNetworks,
  runContainer,
  sourceSeenBy,
  untilReached,
  type ClusterNetwork,
} from '../support/containers.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { learntDestinations, untilLearnt } from '../support/routes.ts';
import { packetsOnWire } from '../support/wire.ts';

export interface TrafficOptions {
  /** Whether the routers announce nothing but containers; the classic file has no such filter. @default true */
  readonly isFiltered?: boolean;
  /** For the first routes. */
  readonly deadlineMs?: number;
}

/**
 * Container `c1` on the first host, `c2` on the second and `c3` on the third, as later stories find them, talk to each
 * other.
 */
export function tellTraffic(stage: ClusterStage, network: ClusterNetwork, options: TrafficOptions = {}): void {
  const { isFiltered = true, deadlineMs } = options;
  const [a, b, c] = [network.address(11), network.address(12), network.address(13)];

  before(async () => {
    const { h1, h2, h3 } = stage;
    await createNetworks(network, h1, h2, h3);
    await Promise.all([
      runContainer(h1, 'c1', network, 11, 'web'),
      runContainer(h2, 'c2', network, 12, 'web'),
      runContainer(h3, 'c3', network, 13, 'web'),
    ]);
  });

  it('tells every host of the containers on the others', async () => {
    const { h1, h2, h3 } = stage;
    await Promise.all([
      ...[b, c].map((address) => untilLearnt(h1.host, address, deadlineMs)),
      ...[a, c].map((address) => untilLearnt(h2.host, address, deadlineMs)),
      ...[a, b].map((address) => untilLearnt(h3.host, address, deadlineMs)),
    ]);
  });

  it('carries a ping from container to container, between any two hosts', async () => {
    const { h1, h2, h3 } = stage;
    await Promise.all([
      ...[b, c].map((address) => untilReached(h1, 'c1', address)),
      ...[a, c].map((address) => untilReached(h2, 'c2', address)),
      ...[a, b].map((address) => untilReached(h3, 'c3', address)),
    ]);
  });

  it("shows a server the client container's own address", async () => {
    const { h1, h3 } = stage;

    expect(await sourceSeenBy(h1, 'c1', b)).to.equal(a);
    expect(await sourceSeenBy(h1, 'c1', c)).to.equal(a);
    expect(await sourceSeenBy(h3, 'c3', a)).to.equal(c);
  });

  it('puts packets on the wire with the addresses of the two containers', async () => {
    const { h1, h3 } = stage;
    const protocol = network.family === 4 ? 'icmp' : 'icmp6';

    const packets = await packetsOnWire(h3, `${protocol} and host ${c}`, () => ping(h1.host, c, 'c1'));

    expect(packets).to.contain(`${a} > ${c}: `);
  });

  if (!isFiltered) return;

  it('announces the containers and nothing else', async () => {
    const { h1, h2, h3 } = stage;
    await tempt(stage);
    // It would have come by the time that a container started afterwards is known.
    await runContainer(h1, 'late', network, 19);
    const known = await Promise.all([h2, h3].map(({ host }) => untilLearnt(host, network.address(19))));
    expect(known).to.have.lengthOf(2);

    const [onSecond, onThird] = await Promise.all([h2, h3].map(({ host }) => learntDestinations(host)));

    expect(onSecond?.filter(isNoRouter)).to.deep.equal([a, c, network.address(19)].sort());
    expect(onThird?.filter(isNoRouter)).to.deep.equal([a, b, network.address(19)].sort());
    for (const { host } of [h2, h3]) expect(await defaultRoutes(host), host.name).to.equal('');
    await h1.host.docker('rm', '--force', 'late');
  });
}

/** Of both families and whatever source: an advertised router makes one, too. */
async function defaultRoutes(host: Host): Promise<string> {
  const shown = ['-4', '-6'].map((family) => host.exec(['ip', family, 'route', 'show', 'default']));
  return (await Promise.all(shown)).map(({ stdout }) => stdout).join('');
}

/** What a host may have that is nobody else's business. docker0 and its subnet are there already. */
async function tempt({ h1 }: ClusterStage): Promise<void> {
  const lines = [
    'ip link add tempting type veth peer name tempted',
    'ip link set tempting up',
    'ip link set tempted up',
    'ip address add 203.0.113.1/24 dev tempting',
    'ip route add default via 203.0.113.2 proto dhcp',
    'ip route add 169.254.169.254/32 via 203.0.113.2 proto dhcp',
    'ip route add 198.51.100.0/24 via 203.0.113.2 proto 100',
    'ip route add 10.1.200.0/24 dev tempting proto static',
    'ip -6 route add fd00:2::/64 dev tempting',
    'ip -6 route add default dev tempting metric 77',
  ];
  await h1.host.exec(['sh', '-ec', lines.join('\n')]);
  await h1.host.docker('network', 'create', 'bridged');
}

/** Links between routers, and OSPF's own addresses on a point-to-multipoint LAN, are in 10.112.0.0/12. */
function isNoRouter(destination: string): boolean {
  return !destination.startsWith('10.112.');
}
