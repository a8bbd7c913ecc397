import { expect } from 'chai';
import { createNetwork, dockerId, startContainer, wiredDaemon } from './support/wired.ts';

const subnet = '10.1.0.0/16';
const pool = { AddressSpace: 'routed-local', Pool: subnet, SubPool: '', Options: null, V6: false };

describe('a subnet of ours on a network of another driver', () => {
  it('gives its containers no address, and says how to create the network', async () => {
    const daemon = await wiredDaemon();
    const { PoolID } = await daemon.call('IpamDriver.RequestPool', pool);
    const gateway = { RequestAddressType: 'com.docker.network.gateway' };
    await daemon.call('IpamDriver.RequestAddress', { PoolID, Address: '', Options: gateway });

    expect(await daemon.refusal('IpamDriver.RequestAddress', { PoolID, Address: '', Options: null })).to.equal(
      `subnet ${subnet} belongs to no routed network: the network was created with --ipam-driver routed and another ` +
        'driver, which does not work; remove it, and create it with --driver routed --ipam-driver routed',
    );
  });

  it('reserves --aux-address, which Docker asks for before the network is there', async () => {
    const daemon = await wiredDaemon();
    const { PoolID } = await daemon.call('IpamDriver.RequestPool', pool);

    const { Address } = await daemon.call('IpamDriver.RequestAddress', { PoolID, Address: '10.1.0.9', Options: null });

    expect(Address).to.equal('10.1.0.9/32');
  });

  it('is what the pool of a removed network is, until the next one is made of it', async () => {
    const daemon = await wiredDaemon();
    const PoolID = await createNetwork(daemon);
    await daemon.call('NetworkDriver.DeleteNetwork', { NetworkID: dockerId('c98909') });
    await daemon.call('IpamDriver.RequestPool', pool);
    expect(await daemon.refusal('IpamDriver.RequestAddress', { PoolID, Address: '', Options: null })).to.contain(
      'belongs to no routed network',
    );

    await createNetwork(daemon, { id: dockerId('beef') });

    const at = { poolId: PoolID, networkId: dockerId('beef'), endpointId: dockerId('e1') };
    expect((await startContainer(daemon, at)).address).to.match(/^10\.1\.\d+\.\d+\/32$/);
  });
});
