import type { FilterCounters } from '@routed/netfilter';
import { expect } from 'chai';
import { FilteredPacketCount } from '../../src/reports/filtered-packets.ts';

const counter = (packets: bigint) => ({ packets, bytes: 0n });
const link = (refused: bigint, spoofed = 0n): FilterCounters => ({
  ingress: { examined: counter(99n), refused: counter(refused), isListed: true },
  egress: { examined: counter(0n), refused: counter(0n), isListed: false },
  spoofed: counter(spoofed),
});

describe('FilteredPacketCount', () => {
  it('only grows: when rules are made anew, and when links come and go', async () => {
    const answers: (() => ReadonlyMap<string, FilterCounters>)[] = [
      () => new Map([['a', link(5n, 1n)]]),
      () =>
        new Map([
          ['a', link(7n, 1n)],
          ['b', link(2n)],
        ]),
      () => new Map([['b', link(1n)]]),
      () => {
        throw new Error('nft is gone');
      },
      () => new Map(),
    ];
    const filters = { counters: () => Promise.resolve().then(() => answers.shift()?.() ?? new Map()) };
    const count = new FilteredPacketCount({ filters, logger: { debug: () => undefined } });
    const read: unknown[] = [];

    for (let times = 0; times < 5; times++) read.push(await count.read());

    expect(read).to.deep.equal([
      { ingress: 5, egress: 0, spoofed: 1 },
      { ingress: 9, egress: 0, spoofed: 1 },
      { ingress: 10, egress: 0, spoofed: 1 },
      { ingress: 10, egress: 0, spoofed: 1 },
      { ingress: 10, egress: 0, spoofed: 1 },
    ]);
  });
});
