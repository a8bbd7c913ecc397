import { readFileSync } from 'node:fs';

import { expect } from 'chai';
import * as fc from 'fast-check';

import { decodeConnection } from '../../../src/conntrack/connection.ts';
import { kernelFilterOf, matcherOf } from '../../../src/conntrack/filter.ts';
import { buildConnectionDelete, buildConnectionDump } from '../../../src/conntrack/messages.ts';
import type { Connection, ConnectionFilter } from '../../../src/conntrack/types.ts';
import type { NetlinkMessage } from '../../../src/codec/reader.ts';
import { fromHex } from '../../support/messages.ts';

/** What Linux 6.18 on x86_64 sent. */
const captured = JSON.parse(
  readFileSync(new URL('../../../../netfilter/test/golden/conntrack.json', import.meta.url), 'utf8'),
) as readonly { readonly family: number; readonly connection: string; readonly hex: string }[];

const HEADER = 16;
const rowOf = (payload: Uint8Array): NetlinkMessage => ({ type: 0x100, flags: 2, sequence: 1, payload });

describe('a tracked connection', () => {
  for (const { family, connection, hex } of captured) {
    it(`is read without a rest: IPv${family}, ${connection}`, () => {
      const payload = fromHex(hex);

      const decoded = decodeConnection(rowOf(payload));

      expect(decoded).to.include({ family });
      expect(decoded).to.not.have.property('unknown');
      if (connection.startsWith('TCP ') && decoded!.tcp !== undefined) {
        expect(decoded!.tcp.state).to.equal(
          connection.slice(4).toLowerCase().replaceAll('_', '-').replace('recv', 'received'),
        );
      }
    });

    it(`is named by what the kernel named it with: IPv${family}, ${connection}`, () => {
      const decoded = decodeConnection(rowOf(fromHex(hex)))!;

      const again = decodeConnection(rowOf(buildConnectionDelete({ ...decoded }).subarray(HEADER)));

      // Without the reply, which a request to delete does not name.
      expect(again).to.equal(undefined);
      expect(hex).to.include(
        Buffer.from(buildConnectionDelete(decoded).subarray(HEADER + 4, HEADER + 56)).toString('hex'),
      );
    });
  }

  it('keeps what has no name here', () => {
    const payload = Uint8Array.from([...fromHex(captured[0]!.hex), 8, 0, 99, 0, 1, 2, 3, 4, 8, 0, 22, 0, 0, 0, 0, 1]);

    expect(decodeConnection(rowOf(payload))!.unknown).to.deep.equal([
      { name: 'attribute 99', hex: '01020304' },
      { name: 'CTA_LABELS', hex: '00000001' },
    ]);
  });

  it('is none when its family is another, or it has no addresses', () => {
    const other = fromHex(captured[0]!.hex);
    other[0] = 7;

    expect(decodeConnection(rowOf(other))).to.equal(undefined);
    expect(decodeConnection(rowOf(Uint8Array.of(2, 0, 0, 0)))).to.equal(undefined);
  });
});

describe('the filter of connections', () => {
  const octet = fc.nat(255);
  const address = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));
  const plain = (source: string): Connection => ({
    family: 4,
    ipProtocol: 17,
    original: { source, destination: '10.0.0.9', sourcePort: 1, destinationPort: 2 },
    reply: { source: '10.0.0.9', destination: source, sourcePort: 2, destinationPort: 1 },
  });
  const number = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

  it('takes an address for within a prefix as arithmetic does', () => {
    fc.assert(
      fc.property(address, address, fc.nat(32), (one, other, length) => {
        const size = 2 ** (32 - length);
        const first = Math.floor(number(one) / size) * size;
        const text = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.');
        const isWithin = number(other) >= first && number(other) < first + size;

        return matcherOf({ source: `${text}/${length}` })(plain(other)) === isWithin;
      }),
    );
  });

  it('does not take IPv4 for IPv6', () => {
    expect(matcherOf({ source: '::/0' })(plain('10.0.0.1'))).to.equal(false);
    expect(matcherOf({ source: '0.0.0.0/0' })(plain('10.0.0.1'))).to.equal(true);
  });

  it('leaves the kernel one IPv4 address, the family and the mark', () => {
    const hex = (filter: ConnectionFilter): string =>
      Buffer.from(buildConnectionDump(kernelFilterOf(filter)).subarray(HEADER)).toString('hex');

    expect(hex({})).to.equal('00010000');
    expect(hex({ family: 6, source: 'fd00::1' })).to.equal('0a010000');
    expect(hex({ source: '10.0.0.0/8' })).to.equal('00010000');
    expect(hex({ mark: 0x12 })).to.equal('000100000800080000000012' + '08001500ffffffff');
    expect(hex({ mark: 1, markMask: 3 })).to.equal('000100000800080000000001' + '0800150000000003');
    // A tuple of one address, and a filter that says that it is about the source, or the destination.
    expect(hex({ source: '10.1.0.2' })).to.equal(
      '02010000' + '100001800c000180080001000a010002' + '0c0019800800010001000000',
    );
    expect(hex({ replyDestination: '10.1.0.2' })).to.equal(
      '02010000' + '100002800c000180080002000a010002' + '0c0019800800020002000000',
    );
  });
});
