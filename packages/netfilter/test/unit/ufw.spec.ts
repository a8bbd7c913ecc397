import { expect } from 'chai';
import { isRejectedByUfw } from '../../src/index.ts';

const PARTS = ['before-logging', 'before', 'after', 'after-logging', 'reject', 'track'];
const calls = (prefix: string): string[] => PARTS.map((part) => `-A FORWARD -j ${prefix}-${part}-forward`);
const REJECT = '-A ufw-reject-forward -j REJECT --reject-with icmp-port-unreachable';
const OURS = '-A FORWARD -j ROUTED-FORWARD';

describe('isRejectedByUfw', () => {
  it('is true where ufw rejects before our rules, of either family', () => {
    expect(isRejectedByUfw([...calls('ufw'), OURS, REJECT])).to.equal(true);
    expect(isRejectedByUfw([...calls('ufw6'), REJECT.replace('ufw', 'ufw6')])).to.equal(true);
    expect(isRejectedByUfw([OURS, '-A FORWARD -j VM-FORWARD', ...calls('ufw'), REJECT], 'NONE')).to.equal(true);
  });

  it('is false where it denies, where our rules come first, and without it', () => {
    expect(isRejectedByUfw([...calls('ufw'), OURS])).to.equal(false);
    expect(isRejectedByUfw([OURS, ...calls('ufw'), REJECT])).to.equal(false);
    expect(isRejectedByUfw([OURS, REJECT])).to.equal(false);
    expect(isRejectedByUfw(['-P FORWARD DROP', OURS])).to.equal(false);
  });
});
