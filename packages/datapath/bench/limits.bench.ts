/**
 * Prints how well limits keep their rate: frames that pass within 2 s while more is offered, the median of five. As root; two minutes.
 * Run: npx tsx packages/datapath/bench/limits.bench.ts [RATES_MBIT, such as 10,1000]
 */
import { Console } from 'node:console';
import { limited, LimitStage } from '../test/kernel/limit-stage.ts';

const console = new Console(process.stdout);
const rates = (process.argv[2] ?? '1,10,100,500,1000').split(',').map(Number);
const rounds = 5;
const ways = [
  ['in', 'tcp'],
  ['in', 'udp'],
  ['out', 'tcp'],
  ['out', 'udp'],
] as const;

const stage = new LimitStage();
await stage.open();
try {
  for (const [index, mbit] of rates.entries()) await measure(mbit, index + 2);
} finally {
  await stage.close();
}

async function measure(mbit: number, digit: number): Promise<void> {
  const rate = { bitsPerSec: mbit * 1e6 };
  const endpoint = limited(digit, { rateIn: rate, rateOut: rate });
  await stage.start(endpoint);
  for (const [direction, protocol] of ways) {
    const percents: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const traffic = { direction, protocol, family: 4, offeredMbit: mbit * 1.5, seconds: 2 } as const;
      const { least, most } = await stage.measure(endpoint, traffic);
      percents.push(((least + most) / 2 / rate.bitsPerSec) * 100);
    }
    const [lowest = 0, , median = 0, , highest = 0] = percents.sort((one, other) => one - other);
    const figures = `${median.toFixed(1)} % of the limit (${lowest.toFixed(1)} to ${highest.toFixed(1)})`;
    console.log(`${mbit} Mbit/s ${direction} ${protocol}: ${figures}`);
  }
}
