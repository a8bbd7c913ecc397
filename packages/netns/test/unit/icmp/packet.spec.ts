import { expect } from 'chai';

import { checksum, echoRequest, readError, readReply } from '../../../src/icmp/packet.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('packets of echo', () => {
  it('are requests with identifier, sequence and the checksum of RFC 1071', () => {
    const request = echoRequest(4, { identifier: 0x1234, sequence: 7 }, 32);

    // Type, code, checksum, identifier, sequence, and what fills the packet up.
    expect(hex(request)).to.equal('0800d3b012340007' + '08090a0b');
    expect(checksum(request)).to.equal(0);
  });

  it('leave the checksum of IPv6 to the kernel', () => {
    expect(hex(echoRequest(6, { identifier: 1, sequence: 2 }, 48))).to.equal('8000000000010002');
  });

  it('have a checksum for an odd number of bytes', () => {
    expect(checksum(bytes('0102 03'))).to.equal(0xfbfd);
  });

  it('are replies, of which IPv4 has the IP header', () => {
    const header = '4500 001c 0000 0000 3d01 0000 0a010002 0a010003';

    expect(readReply(4, bytes(`${header} 0000 0000 1234 0007`))).to.deep.equal({
      echo: { identifier: 0x1234, sequence: 7 },
      hopLimit: 61,
    });
    expect(readReply(6, bytes('8100 0000 1234 0007'))).to.deep.equal({
      echo: { identifier: 0x1234, sequence: 7 },
      hopLimit: undefined,
    });
  });

  it('are nothing to us when they are requests, errors or cut off', () => {
    const header = '4500 001c 0000 0000 3d01 0000 0a010002 0a010003';

    for (const rest of ['0800 0000 1234 0007', '0301 0000 0000 0000', '0000 0000 1234', ''])
      expect(readReply(4, bytes(header + rest)), rest).to.equal(undefined);
    expect(readReply(6, bytes('8000 0000 1234 0007'))).to.equal(undefined);
    expect(readReply(4, bytes(''))).to.equal(undefined);
  });
});

describe('what is said of a packet of echo', () => {
  const payload = bytes('0800 0000 1234 0007');
  /** A control message as 64-bit kernels have it: length, level, type; then errno, origin, type, code, padding, info, data, address. */
  const control = (level: string, type: string, rest: string): Uint8Array =>
    bytes(
      `${Buffer.of(16 + rest.replaceAll(' ', '').length / 2).toString('hex')}00000000000000 ${level} ${type} ${rest}`,
    );
  const from4 = '0200 0000 0a000001 0000000000000000';
  const from6 = '0a00 0000 00000000 fd000000000000000000000000000001 00000000';

  it('is that the host is unreachable, and by whom', () => {
    const found = readError(
      payload,
      control('00000000', '0b000000', `71000000 02 03 01 00 00000000 00000000 ${from4}`),
      8,
    );

    expect(found).to.deep.equal({
      echo: { identifier: 0x1234, sequence: 7 },
      isLocal: false,
      by: '10.0.0.1',
      reason: 'host unreachable',
      mtuBytes: undefined,
    });
  });

  it('is the MTU of a link further on', () => {
    const four = readError(
      payload,
      control('00000000', '0b000000', `5a000000 02 03 04 00 78050000 00000000 ${from4}`),
      8,
    );
    const six = readError(
      payload,
      control('29000000', '19000000', `5a000000 03 02 00 00 00050000 00000000 ${from6}`),
      8,
    );

    expect(four).to.include({ by: '10.0.0.1', reason: 'packet too big', mtuBytes: 1400 });
    expect(six).to.include({ by: 'fd00::1', reason: 'packet too big', mtuBytes: 1280 });
  });

  it('is what this host knows of the path', () => {
    const found = readError(
      bytes(''),
      control('00000000', '0b000000', `5a000000 01 00 00 00 78050000 00000000 ${from4}`),
      8,
    );

    expect(found).to.include({ echo: undefined, isLocal: true, by: undefined, mtuBytes: 1400 });
  });

  it('is nothing in other control messages, and in what is cut off', () => {
    expect(readError(payload, control('00000000', '08000000', '00000000000000000000000000000000'), 8)).to.equal(
      undefined,
    );
    expect(readError(payload, bytes('0000'), 8)).to.equal(undefined);
    expect(readError(payload, bytes(`00${'00'.repeat(63)}`), 8)).to.equal(undefined);
  });
});
