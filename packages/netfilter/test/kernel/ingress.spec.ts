import { expect } from 'chai';
import { type EndpointFilters, parseAllowList } from '../../src/index.ts';
import { connect, type FilterStage, LINK, openFilterStage, OTHER_LINK, ping } from '../support/stage.ts';

/** A refusal comes at once; nobody waits for a time limit. */
const FAST_MS = 500;

describe('ingress filters, with real packets', () => {
  let stage: FilterStage;
  let filters: EndpointFilters;
  const addresses = ['10.1.0.2', 'fd00:1::2'];
  const allow = (list: string): Promise<void> =>
    filters.set({ link: LINK, addresses, ingress: parseAllowList(list), spoof: 'strict' });

  before(async function () {
    this.timeout(20_000);
    stage = await openFilterStage();
    filters = stage.filters;
    expect(await filters.ensure()).to.equal('installed');
    for (const port of [80, 81]) await stage.serve(stage.one, port);
    await stage.serve(stage.client, 90);
    await stage.serve(stage.two, 80);
  });
  after(() => stage.close());
  afterEach(() => filters.remove(LINK));

  for (const [family, own, client, host, another] of [
    ['IPv4', '10.1.0.2', '10.9.0.2', '10.9.0.1', '10.1.0.3'],
    ['IPv6', 'fd00:1::2', 'fd00:9::2', 'fd00:9::1', 'fd00:1::3'],
  ] as const) {
    describe(family, () => {
      it('accept everybody without a list', async () => {
        await filters.set({ link: LINK, addresses, spoof: 'strict' });

        expect((await connect(stage.client, own, 80)).outcome).to.equal('connected');
        expect((await connect(stage.host, own, 80)).outcome).to.equal('connected');
        expect(await ping(stage.client, own)).to.equal('answer');
      });

      for (const list of [
        client,
        `${client}/${family === 'IPv4' ? 28 : 61}`.replace('.2/', '.0/').replace('::2/', '::/'),
      ]) {
        it(`let in who is listed: ${list}`, async () => {
          await allow(list);

          expect((await connect(stage.client, own, 80)).outcome).to.equal('connected');
          expect(await ping(stage.client, own)).to.equal('answer');
        });
      }

      it('refuse fast who is not: a reset for TCP, "prohibited" for the rest', async () => {
        await allow(another);

        const { outcome, ms } = await connect(stage.client, own, 80);

        expect(outcome).to.equal('reset');
        expect(ms).to.be.lessThan(FAST_MS);
        expect(await ping(stage.client, own)).to.equal('prohibited');
      });

      it('ask the host and other containers the same', async () => {
        await allow(client);
        expect((await connect(stage.host, own, 80)).outcome).to.equal('reset');
        expect((await connect(stage.two, own, 80)).outcome).to.equal('reset');
        await allow(`${client} ${host} ${another}`);

        expect((await connect(stage.host, own, 80)).outcome).to.equal('connected');
        expect((await connect(stage.two, own, 80)).outcome).to.equal('connected');
      });

      it('let in nobody with "none", while the container itself goes out and gets answers', async () => {
        await allow('none');

        expect((await connect(stage.client, own, 80)).outcome).to.equal('reset');
        expect((await connect(stage.host, own, 80)).outcome).to.equal('reset');
        expect((await connect(stage.one, client, 90)).outcome).to.equal('connected');
        expect(await ping(stage.one, client)).to.equal('answer');
      });

      it('let in by port', async () => {
        await allow(family === 'IPv4' ? '10.9.0.0/16:81/tcp' : '[fd00:9::/32]:81/tcp');

        expect((await connect(stage.client, own, 81)).outcome).to.equal('connected');
        expect((await connect(stage.client, own, 80)).outcome).to.equal('reset');
        expect(await ping(stage.client, own)).to.equal('prohibited');
      });

      it('leave other containers alone', async () => {
        await allow('none');

        expect((await connect(stage.client, another, 80)).outcome).to.equal('connected');
      });
    });
  }

  it('leave connections open that were open before', async () => {
    await filters.set({ link: LINK, addresses, spoof: 'strict' });
    const script =
      'exec 3<>/dev/tcp/10.1.0.2/80; echo a >&3; read x <&3; echo up; read go; echo b >&3; read -t 2 y <&3; echo $x$y';
    const talking = stage.client.run(['bash', '-c', `(sleep 1; echo go) | (${script})`]);
    await new Promise((resolve) => setTimeout(resolve, 400));

    await allow('none');

    expect((await talking)?.stdout).to.equal('up\nab\n');
    expect((await connect(stage.client, '10.1.0.2', 80)).outcome).to.equal('reset');
  });

  it('let path MTU discovery work: a connection behind a narrow way carries on', async () => {
    await allow('10.9.0.2 fd00:9::2');
    await stage.client.sh('ip route change default via 10.9.0.1 mtu lock 1500');
    // Of the way to the client alone: a link that is narrower than its other end drops what comes without a word.
    const wayIs = (mtu: number): Promise<unknown> =>
      stage.host.sh(
        `ip route change 10.9.0.0/24 dev eth0 proto kernel scope link src 10.9.0.1 mtu lock ${mtu};` +
          `ip -6 route change fd00:9::/64 dev eth0 proto kernel metric 256 mtu lock ${mtu}`,
      );
    await wayIs(1300);
    try {
      for (const [own, client] of [
        ['10.1.0.2', '10.9.0.2'],
        ['fd00:1::2', 'fd00:9::2'],
      ] as const) {
        const script = `exec 3<>/dev/tcp/${own}/80; head -c 200000 /dev/zero >&3 & head -c 200000 <&3 | wc -c`;

        expect((await stage.client.run(['timeout', '5', 'bash', '-c', script]))?.stdout.trim()).to.equal('200000');
        expect(await stage.one.sh(`ip route get ${client}`)).to.contain('mtu 1300');
      }
    } finally {
      await wayIs(1500);
    }
  });

  it('count what they examined and refused, by link', async () => {
    await filters.set({ link: OTHER_LINK, addresses: ['10.1.0.3'], ingress: parseAllowList('any'), spoof: 'strict' });
    await allow('10.9.0.9');
    await connect(stage.client, '10.1.0.2', 80);
    await connect(stage.client, '10.1.0.2', 80);
    await connect(stage.client, '10.1.0.3', 80);

    const counted = await filters.counters();
    await filters.remove(OTHER_LINK);

    expect(counted.get(LINK)?.ingress).to.deep.equal({
      isListed: true,
      examined: { packets: 2n, bytes: 120n },
      refused: { packets: 2n, bytes: 120n },
    });
    expect(counted.get(OTHER_LINK)?.ingress.examined.packets).to.equal(1n);
    expect(counted.get(OTHER_LINK)?.ingress.refused.packets).to.equal(0n);
  });
});
