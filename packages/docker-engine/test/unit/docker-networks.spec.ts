import { expect } from 'chai';
import { createDockerEngine } from '../../src/docker-engine.ts';
import type { DockerNetworks } from '../../src/networks.ts';
import { messageOf } from '../../../store/test/unit/support/message-of.ts';
import { type StubEngine, stubEngine } from './support/stub-engine.ts';

const networks = [
  {
    Name: 'apps',
    Id: 'c98909',
    Driver: 'routed',
    IPAM: {
      Driver: 'routed',
      Options: null,
      Config: [
        { Subnet: '10.1.0.0/16', IPRange: '10.1.8.0/24', AuxiliaryAddresses: { router: '10.1.8.9' } },
        { Subnet: 'fd00:1::/64' },
      ],
    },
    Options: { 'routed.mtu': '1400' },
  },
  { Name: 'none', Id: 'f00', Driver: 'null', IPAM: { Driver: 'default', Options: null, Config: null }, Options: null },
];

const inspected = {
  NetworkSettings: {
    SandboxKey: '/var/run/docker/netns/1',
    Networks: {
      apps: { NetworkID: 'c98909', EndpointID: 'e1', IPAddress: '10.1.0.2', MacAddress: '02:42:0a:01:00:02' },
      bridge: { NetworkID: 'b1', EndpointID: 'e2', IPAddress: '172.17.0.2' },
    },
  },
};

describe('networks', () => {
  let engine: StubEngine;
  let replies: Record<string, unknown>;
  const { signal } = new AbortController();
  const ask = (): DockerNetworks => createDockerEngine({ socketPath: engine.socketPath }).networks;

  beforeEach(async () => {
    replies = { '/networks': networks, '/containers/json': [{ Id: 'web' }], '/containers/web/json': inspected };
    engine = await stubEngine((path, reply) => {
      const found = replies[path.replace(/\?.*/, '')];
      reply.statusCode = found === undefined ? 404 : 200;
      reply.end(JSON.stringify(found ?? { message: 'no such thing' }));
    });
  });
  afterEach(() => engine.close());

  it('says what the user said of each network, and nothing where nothing was said', async () => {
    const [apps, none] = await ask().networks(signal);

    expect(apps).to.deep.equal({
      id: 'c98909',
      name: 'apps',
      driver: 'routed',
      ipamDriver: 'routed',
      options: { 'routed.mtu': '1400' },
      subnets: [
        { prefix: '10.1.0.0/16', range: '10.1.8.0/24', gateway: '', auxiliary: { router: '10.1.8.9' } },
        { prefix: 'fd00:1::/64', range: '', gateway: '', auxiliary: {} },
      ],
    });
    expect(none).to.deep.include({ driver: 'null', subnets: [], options: {} });
  });

  it('says what running containers have on that network, and not on others', async () => {
    expect(await ask().attachments('c98909', signal)).to.deep.equal([
      {
        networkId: 'c98909',
        endpointId: 'e1',
        sandboxKey: '/var/run/docker/netns/1',
        ipv4: '10.1.0.2',
        ipv6: '',
        mac: '02:42:0a:01:00:02',
        gateways: { 4: '', 6: '' },
        options: {},
      },
    ]);
    expect(decodeURIComponent(engine.asked[0] ?? '')).to.equal(
      '/containers/json?filters={"network":["c98909"],"status":["running","paused"]}',
    );
  });

  it('says which endpoints a network has, also those that no container is in yet, and none of one that is gone', async () => {
    const Containers = { web: { EndpointID: 'e1', Name: 'web' }, 'ep-e2': { EndpointID: 'e2', Name: 'e2' } };
    replies = { '/networks/c98909': { Name: 'apps', Containers }, '/networks/odd': {} };

    expect([...(await ask().endpointsOf('c98909', signal))]).to.deep.equal(['e1', 'e2']);
    expect([...(await ask().endpointsOf('gone', signal))]).to.deep.equal([]);
    expect(await messageOf(ask().endpointsOf('odd', signal))).to.contain('Docker cannot be asked for its networks');
  });

  it('rejects when Docker answers otherwise, or not at all', async () => {
    const failure = (): Promise<string> => messageOf(ask().networks(signal));
    replies = {};
    expect(await failure()).to.contain('it answered 404');
    replies = { '/networks': [{ Name: 'apps' }] };
    expect(await failure()).to.contain('Docker cannot be asked for its networks');
    await engine.kill();
    expect(await failure()).to.contain('name its socket with --docker-socket');
  });
});
