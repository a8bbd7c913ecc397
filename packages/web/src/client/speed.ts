import type { Overview } from '../shape/overview.ts';
import { fill, h, part, table } from './dom.ts';
import { count, duration, scaled } from './words.ts';

/** How fast packets go through the uplinks, and how long Docker waits. */
export function showSpeed({ uplinks, latencies }: Overview): void {
  fill(
    part('speed', HTMLElement),
    h('h2', { id: 'speed-title' }, 'Rates and latency'),
    uplinks.length === 0
      ? h('p', { class: 'quiet' }, 'No link leads off this host.')
      : table(
          'Uplinks',
          ['Uplink', 'State', 'In', 'Out', 'MTU'],
          uplinks.map(({ name, isUp, inBitsPerSec, outBitsPerSec, mtuBytes }) => [
            name,
            h('span', { class: isUp ? 'good' : 'bad' }, isUp ? 'up' : 'down'),
            rateText(inBitsPerSec),
            rateText(outBitsPerSec),
            count(mtuBytes),
          ]),
        ),
    table(
      'How long calls take',
      ['Call', 'Calls', 'Failed', 'Half within', '99 % within'],
      latencies.map(({ name, count: calls, failed, medianMs, p99Ms }) => [
        name,
        count(calls),
        h('span', failed > 0 ? { class: 'bad' } : {}, count(failed)),
        calls === 0 ? '–' : duration(medianMs),
        calls === 0 ? '–' : duration(p99Ms),
      ]),
    ),
    h(
      'p',
      { class: 'quiet' },
      'Since the daemon started; by the bounds of the metrics, so that the true value is at most that.',
    ),
  );
}

/** Bits a second. */
export function rateText(bitsPerSec: number | undefined): string {
  return bitsPerSec === undefined ? '…' : scaled(bitsPerSec, 'bit/s');
}
