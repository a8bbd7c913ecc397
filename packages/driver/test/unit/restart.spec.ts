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
const ids = { NetworkID: dockerId('c98909'), EndpointID: endpointId };

describe('a restart of the daemon', () => {
  let first: WiredDaemon;
  let poolId: string;
  beforeEach(async () => {
    first = await wiredDaemon();
    poolId = await createNetwork(first);
    await startContainer(first, { poolId, endpointId, address: '10.1.0.2' });
    await moveToSandbox(first, endpointId);
    await first.stop();
  });

  const successor = (): Promise<WiredDaemon> => wiredDaemon({ kernel: first.kernel, state: first.state });

  it('writes nothing to the kernel when all is well', async () => {
    const calls = first.kernel.calls.length;

    const daemon = await successor();

    const writes = first.kernel.calls.slice(calls).map(({ operation }) => operation);
    expect(writes.filter((operation) => !/\.(get|list)$/.test(operation))).to.deep.equal([
      'link.set',
      'link.deleteGroup',
    ]);
    await daemon.stop();
  });

  it('knows its networks, leases and endpoints', async () => {
    const daemon = await successor();

    expect(
      await daemon.refusal('IpamDriver.RequestAddress', { PoolID: poolId, Address: '10.1.0.2', Options: null }),
    ).to.contain('endpoint c80b7eea6528');
    await startContainer(daemon, { poolId, endpointId: dockerId('beef'), address: '10.1.0.3' });
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
    await daemon.reaper.flush();
    const routes = daemon.kernel.inspect().routes.filter(({ protocol }) => protocol === 200);
    expect(routes.map(({ destination }) => destination)).to.deep.equal(['10.1.0.3/32']);
    await daemon.stop();
  });

  it('gives a running container back what was taken from it meanwhile', async () => {
    await first.kernel.routes.delete({ destination: '10.1.0.2/32' });
    await first.kernel.links.set({ name: 'vethrc80b7eea65' }, { isUp: false });

    const daemon = await successor();

    const { links, routes } = daemon.kernel.inspect();
    expect(links.find(({ name }) => name === 'vethrc80b7eea65')?.isUp).to.equal(true);
    expect(routes.some(({ destination }) => destination === '10.1.0.2/32')).to.equal(true);
    await daemon.stop();
  });

  it('leads nobody to a running container before its end of the link sends again', async () => {
    await first.kernel.links.set({ name: 'vethrc80b7eea65' }, { isUp: false });
    const calls = first.kernel.calls.length;

    const daemon = await successor();

    const made = first.kernel.calls.slice(calls).map(({ operation }) => operation);
    const askedAt = made.indexOf('link.getPeer');
    expect(made.slice(0, askedAt)).to.include('link.set').and.not.include('route.replace');
    expect(made.slice(askedAt)).to.include('route.replace');
    await daemon.stop();
  });

  it('lets a container that is gone be deleted as usual', async () => {
    await first.kernel.links.delete({ name: 'vethrc80b7eea65' });

    const daemon = await successor();
    await daemon.call('NetworkDriver.Leave', ids);
    await daemon.call('NetworkDriver.DeleteEndpoint', ids);
    await daemon.call('IpamDriver.ReleaseAddress', { PoolID: poolId, Address: '10.1.0.2' });

    await startContainer(daemon, { poolId, endpointId: dockerId('beef'), address: '10.1.0.2' });
    await daemon.stop();
  });
});
