import { replyToError } from '@routed/plugin-server';
import { expect } from 'chai';
import { canonicalHostAddress, isIpamError } from '@routed/ipam';
import { parseEndpointOptions, parseNetworkOptions } from '../../src/networks/parse-options.ts';

const LONG = 'x'.repeat(500_000);
const many = (item: string): string => Array<string>(35_000).fill(item).join(',');
const addresses = (count: number): string =>
  Array.from({ length: count }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`).join(',');

function refusal(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('was not refused');
}

describe('input of half a megabyte', () => {
  for (const [what, run, says] of [
    ['a key', () => parseNetworkOptions({ [LONG]: '1' }), /^unknown driver option "x+…"; known options: routed\.mtu, /],
    ['a value', () => parseNetworkOptions({ 'routed.mtu': LONG }), /=x+…: expected a number from 68 to 65535$/],
    [
      'a value that is no text',
      () => parseNetworkOptions({ 'routed.spoof': [LONG] }),
      /=x+…: expected strict or allow$/,
    ],
    [
      'an address',
      () => parseEndpointOptions({ 'routed.addresses': LONG }),
      /: item 1, "x+…": expected an address such as/,
    ],
    ['an entry', () => parseEndpointOptions({ 'routed.ingress': LONG }), /character 1: "x+…" is not an address/],
    [
      'a port',
      () => parseEndpointOptions({ 'routed.ingress': `10.0.0.1:${LONG}` }),
      /names port "x+…": expected one of/,
    ],
    ['a protocol', () => parseEndpointOptions({ 'routed.ingress': `10.0.0.1:1/${LONG}` }), /names protocol "x+…"/],
    ['an operator’s address', () => canonicalHostAddress(LONG), /^'x+…' is not an IP address: expected the form/],
    ['items', () => parseEndpointOptions({ 'routed.addresses': many('x') }), /: item 1, "x": expected an address/],
    [
      'repetitions',
      () => parseEndpointOptions({ 'routed.addresses': many('10.1.0.1') }),
      /: item 2, 10\.1\.0\.1, is listed/,
    ],
    [
      'addresses',
      () => parseEndpointOptions({ 'routed.addresses': addresses(35_000) }),
      /: expected at most 4096 addr/,
    ],
    [
      'prefixes',
      () => parseNetworkOptions({ 'routed.prefixes': addresses(300).replaceAll(',', '/32,') }),
      /at most 256 prefixes/,
    ],
    [
      'sources',
      () => parseEndpointOptions({ 'routed.ingress': addresses(35_000) }),
      /it has 35000 entries: at most 10000/,
    ],
    [
      'wrong sources',
      () => parseEndpointOptions({ 'routed.ingress': many('x') }),
      /it has 35000 entries: at most 10000/,
    ],
  ] as const) {
    it(`is refused with a text of bounded length: ${what}`, () => {
      const error = refusal(run);

      expect(error.message).to.match(says);
      expect(error.message.length).to.be.at.most(1000);
      expect(replyToError(error, 'NetworkDriver.CreateNetwork', () => true).message.length).to.be.at.most(1000);
    });
  }

  it('is read when it is a list of as many sources as may be', () => {
    const { ingress } = parseEndpointOptions({ 'routed.ingress': addresses(10_000) });

    expect(ingress).to.match(/^10\.0\.0\.0-10\.0\.39\.15$/);
  });

  it('is refused by the address’s own error', () => {
    expect(refusal(() => canonicalHostAddress(LONG))).to.satisfy((error: unknown) =>
      isIpamError(error, 'INVALID_ADDRESS'),
    );
  });
});
