import { expect } from 'chai';
import fc from 'fast-check';
import { MAX_ADDITIONAL_ADDRESSES } from '../../src/networks/options.ts';
import { parseEndpointOptions } from '../../src/networks/parse-options.ts';

const parse = (text: unknown): readonly string[] => parseEndpointOptions({ 'routed.addresses': text }).addresses;

describe('parseEndpointOptions', () => {
  it("lets Docker's own pass and refuses all others, naming the known ones", () => {
    expect(parseEndpointOptions({ 'com.docker.network.portmap': [] }).addresses).to.deep.equal([]);
    expect(() => parseEndpointOptions({ 'routed.adresses': '10.1.0.3' })).to.throw(
      'unknown driver option "routed.adresses"; known options: routed.tx-queue-length, routed.addresses, routed.anycast, routed.takeover, routed.announce, routed.announce-delay, routed.drain, routed.drain-signal, routed.metric, routed.ingress, routed.ingress-mode, routed.egress, routed.egress-mode, routed.egress-when-away, routed.dns, routed.conntrack, routed.spoof, routed.rate-in, routed.rate-out',
    );
  });

  it('reads addresses of both families in canonical text, with a full prefix length or without', () => {
    expect(parse('10.1.0.3/32 FD00:1:0::7 fd00:1::8/128')).to.deep.equal(['10.1.0.3', 'fd00:1::7', 'fd00:1::8']);
  });

  it('reads any list with any separators', () => {
    const separators = fc.stringMatching(/^[ ,;+]{1,3}$/);
    const list = fc.uniqueArray(fc.ipV4(), { minLength: 1 });
    fc.assert(
      fc.property(list, separators, (addresses, separator) => {
        expect(parse(addresses.join(separator))).to.deep.equal(addresses);
      }),
    );
  });

  it('shares additional addresses only, and says where the others can be shared', () => {
    const shared = parseEndpointOptions({ 'routed.addresses': '10.1.0.3', 'routed.anycast': 'true' });
    expect(shared).to.deep.equal({ addresses: ['10.1.0.3'], isAnycast: true });

    expect(parseEndpointOptions({ 'routed.addresses': '10.1.0.3' }).isAnycast).to.equal(undefined);
    expect(parseEndpointOptions({ 'routed.anycast': 'false' }).isAnycast).to.equal(false);
    expect(() => parseEndpointOptions({ 'routed.anycast': 'true' })).to.throw(
      'create the network with -o routed.anycast=true',
    );
  });

  const refused: readonly (readonly [unknown, string])[] = [
    ['10.1.0.3 web', 'item 2, "web": expected an address such as 10.1.0.3'],
    ['10.1.0.3 10.1.0.3/32', 'item 2, 10.1.0.3, is listed twice'],
    ['10.1.0.0/24', 'item 1, "10.1.0.0/24"'],
    ['fd00::1/32', 'item 1, "fd00::1/32"'],
    ['10.1.0.03', 'item 1, "10.1.0.03"'],
    ['', 'expected an address such as'],
    [7, 'driver option routed.addresses=7: expected an address such as'],
  ];
  for (const [value, message] of refused) {
    it(`refuses ${JSON.stringify(value)} and says what is wrong`, () => {
      expect(() => parse(value)).to.throw(message);
    });
  }

  it('takes thousands, and refuses more than the limit', () => {
    const some = (count: number): string =>
      Array.from({ length: count }, (_, index) => `10.1.${index >> 8}.${index & 255}`).join(' ');

    expect(parse(some(MAX_ADDITIONAL_ADDRESSES))).to.have.lengthOf(MAX_ADDITIONAL_ADDRESSES);
    expect(() => parse(some(5_000))).to.throw('expected at most 4096 addresses');
  });
});
