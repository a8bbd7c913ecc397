import { expect } from 'chai';
import fc from 'fast-check';
import { burstComplaint, formatRate, parseRate } from '../../src/networks/rate-text.ts';

describe('parseRate', () => {
  const read: readonly (readonly [string, ReturnType<typeof parseRate>])[] = [
    ['100mbit', { bitsPerSec: 100_000_000 }],
    ['1.5Gbit', { bitsPerSec: 1_500_000_000 }],
    ['10kbps', { bitsPerSec: 80_000 }],
    ['1mibit', { bitsPerSec: 1_048_576 }],
    ['1mibps', { bitsPerSec: 8_388_608 }],
    ['1gbit burst 1m', { bitsPerSec: 1_000_000_000, burstBytes: 1_048_576 }],
    [' 1gbit  burst 128k ', { bitsPerSec: 1_000_000_000, burstBytes: 131_072 }],
    ['1gbit+burst+8mbit', { bitsPerSec: 1_000_000_000, burstBytes: 1_048_576 }],
    ['1gbit burst 200000', { bitsPerSec: 1_000_000_000, burstBytes: 200_000 }],
    ['34359738360bit', { bitsPerSec: 34_359_738_360 }],
    ['OFF', 'off'],
  ];
  for (const [text, rate] of read) {
    it(`reads ${JSON.stringify(text)}`, () => {
      expect(parseRate(text)).to.deep.equal(rate);
    });
  }

  const refused: readonly (readonly [string, string])[] = [
    ['', 'expected a rate such as 100mbit'],
    ['fast', '"fast": expected a rate such as 100mbit'],
    ['100', 'rate 100 has no unit: write 100mbit or 100kbit'],
    ['0mbit', 'rate 0mbit is too low: give at least 8kbit, or off for no limit'],
    ['-5mbit', 'rate -5mbit is too low'],
    ['7999bit', 'rate 7999bit is too low'],
    ['35gbit', 'rate 35gbit is too high: give at most 34359738360bit (34.36gbit), or off'],
    ['99999999999999999999gbit', 'is too high'],
    ['50%', '"50%": expected a rate'],
    ['10mb', 'unknown unit "mb": expected bit, kbit, mbit, gbit, or bytes as bps'],
    ['10mbit bucket 3k', '"bucket": expected a rate such as 100mbit or "1gbit burst 1m"'],
    ['10mbit burst', 'expected a rate such as'],
    ['10mbit burst 3k 4k', 'expected a rate such as'],
    ['10mbit burst soon', 'burst "soon": expected bytes such as 125000b, 128k or 1m'],
    ['10mbit burst 0', 'burst 0 is too small'],
    ['10mbit burst -1k', 'burst "-1k": expected bytes'],
    ['10mbit burst 4g', 'burst 4g is too large for that rate: give at most 342500000b'],
    ['1mbit 2mbit', '"2mbit": expected a rate'],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${JSON.stringify(text)} and says what would be right`, () => {
      expect(() => parseRate(text)).to.throw(RangeError, message);
    });
  }

  it('reads what formatRate writes', () => {
    const rates = fc.record(
      {
        bitsPerSec: fc.integer({ min: 1_000, max: 4_000_000_000 }).map((bytes) => bytes * 8),
        burstBytes: fc.integer({ min: 1, max: 200_000 }),
      },
      { requiredKeys: ['bitsPerSec'] },
    );
    fc.assert(
      fc.property(fc.oneof(rates, fc.constant('off' as const)), (rate) => {
        expect(parseRate(formatRate(rate))).to.deep.equal(rate);
      }),
    );
  });
});

describe('burstComplaint', () => {
  it('names the smallest burst that works: a frame, or what the rate sends in 1 ms', () => {
    expect(burstComplaint(parseRate('1mbit burst 1000b'), 1500)).to.contain('give at least 1518b, or no burst');
    expect(burstComplaint(parseRate('1gbit burst 64k'), 1500)).to.contain('give at least 125000b');
    expect(burstComplaint(parseRate('1mbit burst 8k'), 9000)).to.contain('MTU 9000: give at least 9018b');

    expect(burstComplaint(parseRate('1mbit burst 1518b'), 1500)).to.equal(undefined);
    expect(burstComplaint(parseRate('1mbit'), 1500)).to.equal(undefined);
    expect(burstComplaint('off', 1500)).to.equal(undefined);
  });
});
