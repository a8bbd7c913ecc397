import { expect } from 'chai';
import { parseEndpointOptions, parseNetworkOptions } from '../../src/networks/network-options.ts';

describe('parseNetworkOptions', () => {
  it('reads the MTU, whatever the case of the key', () => {
    expect(parseNetworkOptions({ 'routed.mtu': '9000' })).to.deep.equal({ mtuBytes: 9000 });
    expect(parseNetworkOptions({ 'Routed.MTU': '68' })).to.deep.equal({ mtuBytes: 68 });
    expect(parseNetworkOptions({})).to.deep.equal({});
  });

  it("leaves Docker's own keys to Docker", () => {
    expect(parseNetworkOptions({ 'com.docker.network.advertise_addr_nmsgs': '0' })).to.deep.equal({});
  });

  it('refuses an unknown key and lists the known ones', () => {
    expect(() => parseNetworkOptions({ mtu: '9000' })).to.throw(
      'unknown driver option "mtu"; known options: routed.mtu',
    );
    expect(() => parseNetworkOptions({ __proto__x: '1' })).to.throw('unknown driver option');
    expect(() => parseNetworkOptions(JSON.parse('{"__proto__":"1"}') as Record<string, unknown>)).to.throw(
      'unknown driver option',
    );
  });

  for (const value of ['67', '65536', '-1', '1500.5', '1e3', '', 'auto']) {
    it(`refuses the MTU "${value}" and says what it may be`, () => {
      expect(() => parseNetworkOptions({ 'routed.mtu': value })).to.throw(
        `driver option routed.mtu=${value}: expected a number from 68 to 65535`,
      );
    });
  }
});

describe('parseEndpointOptions', () => {
  it("lets Docker's own pass and refuses all others", () => {
    expect(() => parseEndpointOptions({ 'com.docker.network.portmap': [] })).to.not.throw();
    expect(() => parseEndpointOptions({ 'routed.adresses': '10.1.0.3' })).to.throw(
      'unknown driver option "routed.adresses"',
    );
  });
});
