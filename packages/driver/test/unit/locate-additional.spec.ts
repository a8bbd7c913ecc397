import { expect } from 'chai';
import { locateAdditional } from '../../src/endpoints/locate-additional.ts';
import type { Network } from '../../src/networks/network.ts';
import { endpointWith } from '../../../datapath/test/unit/support/sandbox-states.ts';

const network: Network = {
  id: 'n',
  spoof: 'strict',
  pools: [
    { poolId: 'v4', family: 4, prefix: '10.1.0.0/16', gateway: '10.1.0.1' },
    { poolId: 'v6', family: 6, prefix: 'fd00:1::/64', gateway: 'fe80::1' },
  ],
  prefixes: [
    { poolId: 'more4', family: 4, prefix: '192.168.7.0/24' },
    { poolId: 'more6', family: 6, prefix: 'fd00:7::/64' },
  ],
};
const dual = endpointWith('e1', ['10.1.0.2', 'fd00:1::2'], ['10.1.0.3']);

describe('locateAdditional', () => {
  it('finds the subnet or the allowed prefix of each address, in order', () => {
    const asked = ['fd00:7::9', '10.1.0.4', '192.168.7.9', 'fd00:1::9'];

    expect(locateAdditional(asked, dual, network)).to.deep.equal([
      { family: 6, address: 'fd00:7::9', poolId: 'more6' },
      { family: 4, address: '10.1.0.4', poolId: 'v4' },
      { family: 4, address: '192.168.7.9', poolId: 'more4' },
      { family: 6, address: 'fd00:1::9', poolId: 'v6' },
    ]);
    expect(locateAdditional([], dual, network)).to.deep.equal([]);
  });

  it('prefers the subnet to a prefix that holds it', () => {
    const wide = { ...network, prefixes: [{ poolId: 'wide', family: 4 as const, prefix: '10.0.0.0/8' }] };

    expect(locateAdditional(['10.1.0.4', '10.2.0.4'], dual, wide).map(({ poolId }) => poolId)).to.deep.equal([
      'v4',
      'wide',
    ]);
  });

  const refused: readonly (readonly [string, string])[] = [
    ['10.1.0.2', 'the endpoint has it already'],
    ['10.1.0.3', 'the endpoint has it already'],
    ['fd00:1::2', 'the endpoint has it already'],
    ['10.1.0.1', 'it is the gateway of the network'],
    ['fe80::1', 'it is the gateway of the network'],
    ['169.254.1.1', 'it is the gateway of the network'],
    ['10.2.0.4', "it is outside the network's prefixes (10.1.0.0/16, fd00:1::/64, 192.168.7.0/24, fd00:7::/64)"],
    ['0.0.0.0', "it is outside the network's prefixes"],
    ['127.0.0.1', "it is outside the network's prefixes"],
    ['224.0.0.1', "it is outside the network's prefixes"],
    ['::', "it is outside the network's prefixes"],
    ['::1', "it is outside the network's prefixes"],
    ['ff02::1', "it is outside the network's prefixes"],
  ];
  for (const [address, reason] of refused) {
    it(`refuses ${address} and says why`, () => {
      expect(() => locateAdditional(['10.1.0.4', address], dual, network)).to.throw(
        `additional address ${address}: ${reason}`,
      );
    });
  }

  it('refuses a family that the endpoint has no address of', () => {
    expect(() => locateAdditional(['fd00:1::4'], endpointWith('e', ['10.1.0.2']), network)).to.throw(
      'additional address fd00:1::4: the endpoint has no IPv6 address: create the network with --ipv6',
    );
    expect(() => locateAdditional(['10.1.0.4'], endpointWith('e', ['fd00:1::2']), network)).to.throw(
      'additional address 10.1.0.4: the endpoint has no IPv4 address: create the network with an IPv4 --subnet',
    );
  });

  it('names a prefix once that is both a subnet and allowed', () => {
    const doubled = { ...network, prefixes: network.pools };

    expect(() => locateAdditional(['10.2.0.4'], dual, doubled)).to.throw(
      "it is outside the network's prefixes (10.1.0.0/16, fd00:1::/64); allow more",
    );
  });
});
