import type { EchoOutcome } from '@routed/netns/icmp';
import { expect } from 'chai';
import { findPathMtu } from '../../src/ping/path-mtu.ts';
import { sendAll } from '../../src/ping/send-all.ts';
import { tallyOf } from '../../src/ping/tally.ts';
import type { View } from '../../src/ping/view.ts';
import { outcomeText, pathMtuText, problemOf, tallyText, wayText } from '../../src/ping/words.ts';

const answered = (roundTripMs: number): EchoOutcome => ({ state: 'answered', roundTripMs });
const silent: EchoOutcome = { state: 'silent' };
const way = {
  destination: '10.1.0.12/32',
  protocol: 'ospf',
  source: '192.0.2.1',
  nextHops: [{ gateway: '192.0.2.2', link: 'eth1' }],
  mtuBytes: 1500,
};
const viewWith = (outcomes: readonly EchoOutcome[], more: Partial<View> = {}): View => ({
  ...{ from: {}, to: '10.1.0.12', way, outcomes, tally: tallyOf(outcomes) },
  ...more,
});

describe('what ping counts', () => {
  it('is loss, and the least, average and most of the round trips', () => {
    const tally = tallyOf([answered(1), silent, answered(2), answered(4.5)]);

    expect(tally).to.deep.equal({ sent: 4, answered: 3, lostPercent: 25, leastMs: 1, averageMs: 2.5, mostMs: 4.5 });
    expect(tallyText(tally)).to.equal(
      '4 sent, 3 answered, 25 % lost; round trip 1 / 2.5 / 4.5 ms (least / average / most)',
    );
  });

  it('is nothing but the loss where nobody answers, and no loss where nothing was sent', () => {
    expect(tallyOf([silent, { state: 'refused', reason: 'x' }])).to.deep.equal({
      sent: 2,
      answered: 0,
      lostPercent: 100,
    });
    expect(tallyOf([])).to.deep.equal({ sent: 0, answered: 0, lostPercent: 0 });
    expect(tallyText(tallyOf([silent]))).to.equal('1 sent, 0 answered, 100 % lost');
  });
});

describe('the requests of ping', () => {
  const pace = { count: 3, intervalMs: 1, packetBytes: 84, timeoutMs: 60_000 };

  it('do not wait for each other, and are told as they come', async () => {
    const open: ((outcome: EchoOutcome) => void)[] = [];
    const told: number[] = [];
    const echo = { ask: () => new Promise<EchoOutcome>((resolve) => void open.push(resolve)) };
    const done = sendAll(echo, pace, {
      onOutcome: (_, number) => told.push(number),
      signal: new AbortController().signal,
    });
    while (open.length < 3) await new Promise((resolve) => setImmediate(resolve));

    for (const settle of [...open].reverse()) settle(answered(1));

    expect(await done).to.have.lengthOf(3);
    expect(told).to.deep.equal([3, 2, 1]);
  });

  it('end when they are interrupted, without those that are under way', async () => {
    const stop = new AbortController();
    let asked = 0;
    const echo = {
      ask: () => {
        asked += 1;
        if (asked === 1) return Promise.resolve(answered(1));
        stop.abort();
        return new Promise<EchoOutcome>(() => undefined);
      },
    };

    expect(
      await sendAll(echo, { ...pace, count: 1_000 }, { onOutcome: () => undefined, signal: stop.signal }),
    ).to.deep.equal([answered(1)]);
    expect(asked).to.equal(2);
  });
});

describe('the MTU of a path', () => {
  /** A path whose routers say nothing of packets beyond `vanish`, and name the MTUs `told`. */
  const pathWith = (vanish: number, told: readonly { mtuBytes: number; by?: string }[] = []) => {
    const asked: number[] = [];
    const ask = (bytes: number): Promise<EchoOutcome> => {
      asked.push(bytes);
      const limit = told.find(({ mtuBytes }) => bytes > mtuBytes);
      if (limit !== undefined) return Promise.resolve({ state: 'too big', ...limit });
      return Promise.resolve(bytes > vanish ? silent : answered(1));
    };
    return { ask, asked };
  };
  const sizes = { smallest: 84, largest: 1500 };

  it('is that of the first link, after one question', async () => {
    const { ask, asked } = pathWith(9_000);

    expect(await findPathMtu(ask, sizes)).to.deep.equal({ bytes: 1500, how: 'link' });
    expect(asked).to.deep.equal([1500]);
  });

  it('is what routers say, one after another', async () => {
    const { ask } = pathWith(9_000, [
      { mtuBytes: 1400, by: '192.0.2.2' },
      { mtuBytes: 1300, by: '192.0.2.3' },
    ]);

    expect(await findPathMtu(ask, sizes)).to.deep.equal({ bytes: 1300, how: 'told', by: '192.0.2.3' });
  });

  it('is what this host was told before', async () => {
    const { ask } = pathWith(9_000, [{ mtuBytes: 1400 }]);

    expect(await findPathMtu(ask, sizes)).to.deep.equal({ bytes: 1400, how: 'told' });
  });

  for (const limit of [85, 1_280, 1_404, 1_499]) {
    it(`is found where packets of more than ${limit} bytes vanish`, async () => {
      const { ask, asked } = pathWith(limit);

      expect(await findPathMtu(ask, sizes)).to.deep.equal({ bytes: limit, how: 'found' });
      expect(asked).to.have.length.below(45);
    });
  }

  it('is found below what a router says, where that is wrong', async () => {
    const { ask } = pathWith(1_350, [{ mtuBytes: 1400, by: '192.0.2.2' }]);

    expect(await findPathMtu(ask, sizes)).to.deep.equal({ bytes: 1350, how: 'found' });
  });

  it('does not become smaller because a packet is lost', async () => {
    let asked = 0;
    const ask = (): Promise<EchoOutcome> => Promise.resolve(++asked === 1 ? silent : answered(1));

    expect(await findPathMtu(ask, sizes)).to.deep.equal({ bytes: 1500, how: 'link' });
  });

  it('is not known where nobody answers any more, and where the packets were as large already', async () => {
    expect(await findPathMtu(pathWith(0).ask, sizes)).to.equal(undefined);
    expect(await findPathMtu(pathWith(0).ask, { smallest: 1500, largest: 1500 })).to.equal(undefined);
    // A router that names a size that it refuses itself.
    expect(await findPathMtu(() => Promise.resolve({ state: 'too big', mtuBytes: 1500 }), sizes)).to.equal(undefined);
  });
});

describe('what ping says', () => {
  it('of each request', () => {
    const texts = [
      answered(0.0712),
      answered(99.97),
      answered(1234.5),
      silent,
      { state: 'too big', mtuBytes: 1400, by: '192.0.2.9' },
      { state: 'too big', mtuBytes: 1400 },
      { state: 'refused', reason: 'host unreachable', by: '192.0.2.1' },
      { state: 'refused', reason: 'host unreachable', by: '192.0.2.9' },
    ] as const;

    expect(texts.map((outcome) => outcomeText(outcome, way, 1_000))).to.deep.equal([
      '0.0712 ms',
      '100 ms',
      '1230 ms',
      'no answer within 1 s',
      'too big: 1400 bytes pass, says 192.0.2.9',
      'too big: 1400 bytes pass, says this host',
      'host unreachable, says this host',
      'host unreachable, says 192.0.2.9',
    ]);
  });

  it('of the way, by one next hop or several', () => {
    const other = { gateway: '192.0.2.3', link: 'eth2' };

    expect(wayText(way)).to.equal('10.1.0.12/32 via 192.0.2.2 dev eth1 proto ospf, MTU 1500');
    expect(wayText({ ...way, nextHops: [...way.nextHops, other] })).to.equal(
      '10.1.0.12/32 via 192.0.2.2 dev eth1 or via 192.0.2.3 dev eth2, which share the traffic, proto ospf, MTU 1500',
    );
  });

  it('of the MTU', () => {
    expect(pathMtuText({ bytes: 1500, how: 'link' }, way)).to.equal('1500: the largest packets of the first link pass');
    expect(pathMtuText({ bytes: 1400, how: 'told', by: '192.0.2.9' }, way)).to.equal('1400, says 192.0.2.9');
    expect(pathMtuText({ bytes: 1400, how: 'found' }, way)).to.match(/^1400: larger .* the first link allows 1500$/);
  });

  it('is no problem where some answer, nothing was sent yet, or a router names the MTU', () => {
    const some = [answered(1), silent];

    expect(problemOf(viewWith(some))).to.equal(undefined);
    expect(problemOf(viewWith([]))).to.equal(undefined);
    expect(problemOf(viewWith(some, { pathMtu: { bytes: 1400, how: 'told' } }))).to.equal(undefined);
  });

  it('is a problem where nobody answers, nothing can be sent, or large packets vanish', () => {
    const inside = { from: { container: 'web', sandboxKey: '/x' } };
    const refused: EchoOutcome = { state: 'refused', reason: 'host unreachable', by: '192.0.2.9' };

    expect(problemOf(viewWith([silent]))).to.equal('10.1.0.12 does not answer to this host: nobody says why');
    expect(problemOf(viewWith([silent, refused], inside))).to.equal(
      '10.1.0.12 does not answer to container web: host unreachable, says 192.0.2.9',
    );
    expect(problemOf(viewWith([], { unsent: 'there is no route to it' }))).to.equal(
      'nothing can be sent to 10.1.0.12 from this host: there is no route to it',
    );
    expect(problemOf(viewWith([answered(1)], { pathMtu: { bytes: 1404, how: 'found' } }))).to.match(
      /^packets of more than 1404 bytes to 10\.1\.0\.12 from this host vanish without a word: .*routed\.mtu/,
    );
  });
});
