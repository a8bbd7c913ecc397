import { expect } from 'chai';
import { chooseNetwork } from '../../src/containers/choose-network.ts';
import type { Network } from '../../src/networks/network.ts';

function network(id: string, subnet: string, ...prefixes: string[]): Network {
  const pool = { poolId: subnet, family: 4, prefix: subnet, gateway: '169.254.1.1' } as const;
  return {
    id,
    spoof: 'strict',
    pools: [pool],
    prefixes: prefixes.map((prefix) => ({ poolId: prefix, family: 4, prefix })),
  };
}

const networks = new Map([
  ['aaaa1', network('aaaa1', '10.1.0.0/16', '192.168.7.0/24')],
  ['bbbb2', network('bbbb2', '10.2.0.0/16', '192.168.7.0/24')],
]);
const container = {
  id: 'c1',
  name: 'web',
  networks: [
    { networkName: 'one', networkId: 'aaaa1', endpointId: 'e1' },
    { networkName: 'two', networkId: 'bbbb2', endpointId: 'e2' },
    { networkName: 'bridge', networkId: 'cccc3', endpointId: 'e3' },
  ],
};
const choose = (address: string, asked?: string): string =>
  chooseNetwork(container, address, asked, (id) => networks.get(id)).on.networkName;

describe('chooseNetwork', () => {
  it('finds the one that allows the address', () => {
    expect(choose('10.1.0.9')).to.equal('one');
    expect(choose('10.2.0.9')).to.equal('two');
  });

  it('takes the one that was asked for, by name or by the start of its id', () => {
    expect(choose('192.168.7.9', 'two')).to.equal('two');
    expect(choose('192.168.7.9', 'aaaa')).to.equal('one');
  });

  it('asks for a choice where several allow the address', () => {
    expect(() => choose('192.168.7.9')).to.throw('networks one, two allow it: choose with --network');
  });

  it('says which networks there are where none allows it, or the one asked for is not ours', () => {
    expect(() => choose('10.9.0.1')).to.throw("none of the container's networks (one, two) allows it");
    expect(() => choose('10.1.0.9', 'bridge')).to.throw('not on a routed network "bridge" (on: one, two)');
  });

  it('leaves the refusal of an address to the only network that can be meant', () => {
    expect(choose('10.9.0.1', 'one')).to.equal('one');
  });

  it('says that a container was never started', () => {
    const created = { ...container, networks: [{ networkName: 'one', networkId: '', endpointId: '' }] };

    expect(() => chooseNetwork(created, '10.1.0.9', undefined, (id) => networks.get(id))).to.throw(
      'not on any routed network (on: none); it was never started',
    );
  });
});
