import { expect } from 'chai';
import fc from 'fast-check';
import { containerMac, endpointOfAlias, linkNames } from '../../src/names/kernel-names.ts';

const endpointId = 'c80b7eea65283f03fd20d85efba7b8cbbde64f16478509766f3273cfc9d9738c';

describe('linkNames', () => {
  it('names both ends after the first ten digits and aliases the host end with the whole id', () => {
    expect(linkNames(endpointId)).to.deep.equal({
      host: 'vethrc80b7eea65',
      container: 'vethcc80b7eea65',
      alias: `routed:${endpointId}`,
    });
  });

  it("fits the kernel's 15 characters for every id", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{64}$/), (id) => {
        const names = linkNames(id);
        expect(names.host.length).to.be.at.most(15);
        expect(names.container.length).to.be.at.most(15);
        expect(endpointOfAlias(names.alias)).to.equal(id);
      }),
    );
  });

  it("takes no stranger's alias for one of ours", () => {
    expect(endpointOfAlias(undefined)).to.equal(undefined);
    expect(endpointOfAlias('uplink')).to.equal(undefined);
  });
});

describe('containerMac', () => {
  it('holds the four bytes of an IPv4 address', () => {
    expect(containerMac('10.1.0.2')).to.equal('02:42:0a:01:00:02');
  });

  it('is a unicast, locally administered address that follows from an IPv6 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const mac = containerMac(address);
        expect(mac).to.match(/^02:42(:[0-9a-f]{2}){4}$/);
        expect(containerMac(address)).to.equal(mac);
      }),
    );
    expect(containerMac('fd00::1')).to.not.equal(containerMac('fd00::2'));
  });
});
