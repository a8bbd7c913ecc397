import { expect } from 'chai';
import { linkLocalOf } from '../../src/endpoint/link-local.ts';

describe('linkLocalOf', () => {
  it('is what Linux makes of a MAC address', () => {
    expect(linkLocalOf('02:42:0a:01:00:02')).to.equal('fe80::42:aff:fe01:2');
    expect(linkLocalOf('ee:ee:ee:ee:ee:ee')).to.equal('fe80::ecee:eeff:feee:eeee');
    expect(linkLocalOf('00:00:00:00:00:01')).to.equal('fe80::200:ff:fe00:1');
    expect(linkLocalOf('02:00:5E:10:00:00')).to.equal('fe80::5eff:fe10:0');
  });
});
