import { expect } from 'chai';
import { until } from '../../../netfilter/test/support/until.ts';
import { limitLinkNames, linkNames } from '../../src/index.ts';
import { limited, LimitStage, type Traffic } from './limit-stage.ts';

const IS_FULL = process.env['ROUTED_ATTACK'] === 'all';
const MBIT = 1_000_000;
/** Low enough that a busy machine keeps it. */
const RATE_MBIT = 20;
const RATE = { bitsPerSec: RATE_MBIT * MBIT };
/** What is promised: within 3 % over 2 s. */
const TOLERANCE = 0.03;

describe('limits of endpoints', function () {
  this.timeout(60_000);
  const stage = new LimitStage();
  before(() => stage.open());
  after(() => stage.close());

  describe('of one that is started with them', () => {
    const endpoint = limited(2, { rateIn: RATE, rateOut: RATE });
    before(() => stage.start(endpoint));

    // The others every night.
    const cases: readonly Pick<Traffic, 'direction' | 'protocol' | 'family'>[] = [
      { direction: 'in', protocol: 'tcp', family: 4 },
      { direction: 'out', protocol: 'udp', family: 6 },
      { direction: 'out', protocol: 'tcp', family: 6 },
      { direction: 'in', protocol: 'udp', family: 4 },
      { direction: 'out', protocol: 'tcp', family: 4 },
      { direction: 'in', protocol: 'tcp', family: 6 },
    ];
    for (const { direction, protocol, family } of cases.slice(0, IS_FULL ? cases.length : 2)) {
      it(`keeps the rate ${direction} over 2 s within 3 %: ${protocol}, IPv${family}`, async () => {
        const offeredMbit = RATE_MBIT * 2;
        const traffic = { direction, protocol, family, offeredMbit, seconds: 2 };
        const { least, most } = await bestOf(5, () => stage.measure(endpoint, traffic));

        expect(least / RATE.bitsPerSec, 'no faster').to.be.below(1 + TOLERANCE);
        expect(most / RATE.bitsPerSec, 'no slower').to.be.above(1 - TOLERANCE);
      });
    }

    it('lets ARP pass a container that sends more than it may', async () => {
      const container = stage.containerOf(endpoint);
      const flood = await stage.flood(endpoint, 'out', 40_000);
      try {
        for (let time = 0; time < 5; time++) {
          await container.sh('ip neigh flush dev eth0');
          const isKnown = async (): Promise<boolean> =>
            (await container.sh('ip neigh show 169.254.1.1 nud reachable')) !== '';
          await until(isKnown, 'the gateway is known', 3_000);
        }
      } finally {
        await flood.end();
      }
    });
  });

  if (IS_FULL) {
    it('leave a neighbour its latency while one is saturated: within 1.2 times of idle', async () => {
      const other = new LimitStage();
      await other.open();
      try {
        const [busy, neighbour] = [limited(2, { rateIn: RATE, rateOut: RATE }), limited(3)];
        await other.start(busy);
        await other.start(neighbour);
        const ratio = async (): Promise<number> => {
          const idleMs = await other.pingMs(neighbour, 500);
          const load = { direction: 'in', protocol: 'udp', family: 4, offeredMbit: RATE_MBIT * 2 } as const;
          const stop = other.saturate(busy, load);
          const loadedMs = await other.pingMs(neighbour, 500).finally(stop);
          return loadedMs / idleMs;
        };
        const ratios = [await ratio(), await ratio(), await ratio()].sort((one, another) => one - another);

        expect(ratios[1]).to.be.below(1.2);
      } finally {
        await other.close();
      }
    });
  }

  describe('that change while packets go', () => {
    const slow = { bitsPerSec: 8 * MBIT };
    const fast = { bitsPerSec: 900 * MBIT };

    for (const direction of ['in', 'out'] as const) {
      it(`lose none of those that go ${direction}, when they change and when they go`, async () => {
        const rate = direction === 'in' ? 'rateIn' : 'rateOut';
        const digit = direction === 'in' ? 3 : 4;
        const [open, wide, narrow] = [
          limited(digit),
          limited(digit, { [rate]: fast }),
          limited(digit, { [rate]: slow }),
        ];
        await stage.start(wide);
        const flood = await stage.flood(wide, direction, 3_000);

        for (let time = 0; time < 5 || (await stage.frames(wide)) < 1_000; time++) {
          await stage.change(wide, narrow);
          await stage.change(narrow, wide);
        }
        // 5.8 Mbit/s: some wait, and none is refused.
        await stage.change(wide, narrow);
        await stage.change(narrow, open);
        const { sent, lost } = await flood.end();

        expect(sent).to.be.greaterThan(500);
        expect(lost, `of ${sent}`).to.equal(0);
        expect(await stage.reconcile([open, ...others(digit)])).to.deep.equal([]);
      });
    }

    /** What the endpoints of the other tests want by then. */
    function others(digit: number): ReturnType<typeof limited>[] {
      const all = [limited(2, { rateIn: RATE, rateOut: RATE }), limited(3), limited(4)];
      return all.filter(({ id }) => id !== limited(digit).id).slice(0, digit - 2);
    }
  });

  describe('that somebody takes away', () => {
    const endpoint = limited(5, { rateIn: RATE, rateOut: RATE });
    const host = linkNames(endpoint.id).host;
    const shaping = limitLinkNames(endpoint.id).name;
    const all = [limited(2, { rateIn: RATE, rateOut: RATE }), limited(3), limited(4), endpoint];
    before(() => stage.start(endpoint));

    const damages: readonly (readonly [string, string, readonly string[]])[] = [
      ['the queueing discipline', `tc qdisc del dev ${host} root`, ['set-limit in']],
      ['another one in its place', `tc qdisc replace dev ${host} root pfifo`, ['set-limit in']],
      ['its class', `tc class del dev ${host} classid 7200:1`, ['set-limit in']],
      ['another rate', `tc class change dev ${host} parent 7200: classid 7200:1 htb rate 1gbit`, ['set-limit in']],
      ['a smaller queue', `tc qdisc change dev ${host} parent 7200:1 handle 7201: bfifo limit 5000`, ['set-limit in']],
      ['the filters', `tc filter del dev ${host} ingress`, ['set-limit out']],
      ['one of the filters', `tc filter del dev ${host} ingress protocol ipv6 prio 7201`, ['set-limit out']],
      ['the hook', `tc qdisc del dev ${host} clsact`, ['set-limit out']],
      ['the shaping link', `ip link del ${shaping}`, ['set-limit out']],
      ['the shaping link, set down', `ip link set ${shaping} down`, ['set-limit out']],
      ["the shaping link's queueing discipline", `tc qdisc del dev ${shaping} root`, ['set-limit out']],
    ];
    for (const [what, command, repairs] of damages) {
      it(`come back: ${what}`, async () => {
        await stage.host.sh(command);

        expect(await stage.reconcile(all)).to.deep.equal(repairs);

        expect(await stage.reconcile(all)).to.deep.equal([]);
      });
    }

    it('are found as they are by a daemon that was started anew', async () => {
      stage.takeUp();

      expect(await stage.reconcile(all)).to.deep.equal([]);
    });
  });

  describe('of a container that ends', () => {
    it('go with it, and leave nothing', async () => {
      const endpoint = limited(6, { rateOut: RATE });
      await stage.start(endpoint);

      await stage.links.remove(endpoint.id, ['10.1.0.6/32', 'fd00:1::6/128']);
      await stage.reaper.flush();

      const links = await stage.host.sh('ip -brief link');
      expect(links).not.to.contain(limitLinkNames(endpoint.id).name);
      expect(links).not.to.contain(linkNames(endpoint.id).host);
    });

    it('are deleted when its links are gone and nobody knew of them', async () => {
      const endpoint = limited(7, { rateOut: RATE });
      await stage.start(endpoint);
      await stage.host.sh(`ip link del ${linkNames(endpoint.id).host}`);
      stage.takeUp();
      const left = [limited(2, { rateIn: RATE, rateOut: RATE }), limited(5, { rateIn: RATE, rateOut: RATE })];

      const repairs = await stage.reconcile(left);

      expect(repairs).to.include('delete-link');
      expect(await stage.host.sh('ip -brief link')).not.to.contain(limitLinkNames(endpoint.id).name);
    });
  });

  it('are refused where the name of the shaping link is taken, and the links go again', async () => {
    const endpoint = limited(8, { rateOut: RATE });
    const { name } = limitLinkNames(endpoint.id);
    await stage.host.sh(`ip link add ${name} type bridge`);

    const failure = await stage.links.apply(endpoint).catch((error: unknown) => error);
    await stage.reaper.flush();

    expect(String(failure)).to.contain(`link ${name} already exists and is not one of routed's`);
    const links = await stage.host.sh('ip -brief link');
    expect(links).to.contain(name).and.not.to.contain(linkNames(endpoint.id).host);
    await stage.host.sh(`ip link del ${name}`);
  });

  it('are possible on this kernel, which leaves no trace of the question', async () => {
    let isOver = false as boolean;
    const asking = stage.limits.requireSupport().finally(() => (isOver = true));
    // Rounds that come by meanwhile do not take the link that it is tried on for abandoned.
    while (!isOver) expect(await stage.reconcile([])).to.deep.equal([]);
    await asking;
    await stage.reaper.flush();

    expect(await stage.host.sh('ip -brief link')).not.to.contain('ifbr-trial');
  });

  it('ask nothing of the kernel where there is none', async () => {
    const other = new LimitStage();
    await other.open();
    try {
      await other.start(limited(2));
      await other.reconcile([limited(2)]);
      await other.tc.close();

      expect(await other.reconcile([limited(2)])).to.deep.equal([]);
    } finally {
      await other.close();
    }
  });
});

/**
 * The first measurement that keeps the rate, or the last: a busy machine keeps senders from sending, and makes single ones slow. None
 * makes one fast.
 */
async function bestOf(
  times: number,
  measure: () => ReturnType<LimitStage['measure']>,
): ReturnType<LimitStage['measure']> {
  const found = await measure();
  const isSlow = found.most < RATE.bitsPerSec * (1 - TOLERANCE);
  return isSlow && times > 1 ? await bestOf(times - 1, measure) : found;
}
