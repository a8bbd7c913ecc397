import { expect } from 'chai';
import { Rates } from '../../src/server/rates.ts';
import { Remembered } from '../../src/server/remembered.ts';

describe('a remembered answer', () => {
  it('is asked for once while it is fresh, however many want it', async () => {
    let [asked, nowMs] = [0, 0];
    const remembered = new Remembered(() => Promise.resolve(++asked), { freshMs: 1_000, nowMs: () => nowMs });

    await Promise.all([remembered.refresh(), remembered.refresh()]);
    nowMs = 999;
    await remembered.refresh();
    expect(remembered.value).to.equal(1);

    nowMs = 1_000;
    await remembered.refresh();
    expect(remembered.value).to.equal(2);
  });

  it('is good for longer when it was dear', async () => {
    let [asked, nowMs] = [0, 0];
    const ask = (): Promise<number> => {
      nowMs += 500;
      return Promise.resolve(++asked);
    };
    const remembered = new Remembered(ask, { freshMs: 1_000, costFactor: 20, nowMs: () => nowMs });

    await remembered.refresh();
    nowMs += 9_999;
    await remembered.refresh();
    expect(asked).to.equal(1);

    nowMs += 1;
    await remembered.refresh();
    expect(asked).to.equal(2);
  });

  it('says why there is none', async () => {
    const remembered = new Remembered(() => Promise.reject(new Error('it is away')), { freshMs: 1_000 });

    await remembered.refresh();

    expect(remembered).to.include({ value: undefined, error: 'it is away' });
  });
});

describe('rates', () => {
  const reading = (inBytes: number, outBytes: number) => [
    { name: 'eth0', isUp: true, mtuBytes: 1500, inBytes, outBytes },
  ];

  it('are what was counted since the last reading', () => {
    const rates = new Rates();

    expect(rates.of(reading(0, 0), 0)[0]).to.not.have.property('inBitsPerSec');
    expect(rates.of(reading(1_000, 250_000), 2_000)[0]).to.include({ inBitsPerSec: 4_000, outBitsPerSec: 1_000_000 });
  });

  it('are none of a link that was made anew', () => {
    const rates = new Rates();
    rates.of(reading(5_000, 5_000), 0);

    expect(rates.of(reading(10, 10), 1_000)[0]).to.include({ inBitsPerSec: 0, outBitsPerSec: 0 });
  });
});
