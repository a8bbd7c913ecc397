import { expect } from 'chai';
import fc from 'fast-check';
import {
  comparePrefixes,
  contains,
  formatAddress,
  formatPrefix,
  knownPrefix,
  parseAddress,
  parsePrefix,
} from '../../src/prefix.ts';

describe('prefix', () => {
  it('clears host bits', () => {
    expect(formatPrefix(knownPrefix('10.200.5.7/16'))).to.equal('10.200.0.0/16');
  });

  it('spells IPv6 as the daemons do', () => {
    const spelled = ['FD00:0:0:0:0:0:0:1', '::', '1:0:0:2:0:0:0:3', '1:0:2:3:4:5:6:7', '::ffff:1.2.3.4'].map((text) =>
      formatAddress('ipv6', parseAddress(text)!),
    );

    expect(spelled).to.deep.equal(['fd00::1', '::', '1:0:0:2::3', '1:0:2:3:4:5:6:7', '::ffff:102:304']);
  });

  it('refuses what is no prefix', () => {
    expect(
      ['10.0.0.0', '10.0.0.0/33', '10.0.0/8', 'fd00::/129', '10.0.0.0/-1', '10.0.0.0/8 ', 'fe80::1%eth0/64'].map(
        parsePrefix,
      ),
    ).to.deep.equal(Array(7).fill(undefined));
  });

  it('formats and parses back any address', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
        fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
        (six, four) => {
          expect(parseAddress(formatAddress('ipv6', six))).to.equal(six);
          expect(parseAddress(formatAddress('ipv4', four))).to.equal(four);
        },
      ),
    );
  });

  it('contains itself and every longer prefix of itself, and nothing of the other family', () => {
    const outer = knownPrefix('10.112.0.0/12');

    expect(contains(outer, knownPrefix('10.112.0.0/12'))).to.equal(true);
    expect(contains(outer, knownPrefix('10.127.255.255/32'))).to.equal(true);
    expect(contains(outer, knownPrefix('10.0.0.0/8'))).to.equal(false);
    expect(contains(knownPrefix('0.0.0.0/0'), knownPrefix('::/0'))).to.equal(false);
  });

  it('orders by family, address and length', () => {
    const sorted = ['fd00::/8', '10.0.0.0/9', '9.0.0.0/8', '10.0.0.0/8']
      .map(knownPrefix)
      .sort(comparePrefixes)
      .map(formatPrefix);

    expect(sorted).to.deep.equal(['9.0.0.0/8', '10.0.0.0/8', '10.0.0.0/9', 'fd00::/8']);
  });
});
