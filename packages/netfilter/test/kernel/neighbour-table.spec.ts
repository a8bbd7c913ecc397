import { expect } from 'chai';
import { type FilterStage, GATEWAY, LINK, openFilterStage, OTHER_LINK, ping, solicit } from '../support/stage.ts';

/** How many requests a container sends: ROUTED_ATTACK=all for the number of the review. */
const REQUESTS = process.env['ROUTED_ATTACK'] === 'all' ? 100_000 : 5_000;
/** What the kernel makes of the container's MAC address. */
const linkLocal = 'fe80::42:aff:fe01:2';

describe("the host's table of neighbours, with raw frames from inside a container", () => {
  let stage: FilterStage;

  before(async function () {
    this.timeout(20_000);
    stage = await openFilterStage();
    await stage.filters.ensure();
    await stage.filters.set({
      link: OTHER_LINK,
      addresses: ['10.1.0.3', 'fd00:1::3', 'fe80::42:aff:fe01:3'],
      spoof: 'strict',
    });
    // Made by the daemon for each container. What the kernel would check by itself is off, so that the filters are seen to do it.
    await stage.host.sh(`for key in all ${LINK}; do sysctl -qw net.ipv4.conf.$key.rp_filter=0; done`);
    await stage.host.sh(
      `for address in 10.1.0.2 fd00:1::2 ${linkLocal}; do
         ip neigh replace $address dev ${LINK} lladdr 02:42:0a:01:00:02 nud permanent
       done`,
    );
  });
  after(() => stage.close());
  beforeEach(async () => {
    await stage.host.sh(`ip -4 neigh flush dev ${LINK}; ip -6 neigh flush dev ${LINK}`);
    // What a test before may have used up.
    await stage.host.sh('nft flush set inet routed solicitors; nft flush set arp routed solicitors');
  });

  const set = (spoof: 'strict' | 'allow', ...addresses: readonly string[]): Promise<void> =>
    stage.filters.set({ link: LINK, addresses, spoof });
  const dualStack = ['10.1.0.2', 'fd00:1::2', linkLocal] as const;
  /** Entries that count against the limit of the machine. */
  const entries = async (): Promise<number> => {
    const listed = await stage.host.sh(`ip neigh show dev ${LINK} nud all`);
    return listed.split('\n').filter((line) => /lladdr|FAILED|INCOMPLETE/.test(line) && !/PERMANENT|NOARP/.test(line))
      .length;
  };
  /** Pings of the host to a real neighbour, whose entry has to be made anew, while a container sends. */
  const lostMeanwhile = async (act: () => Promise<unknown>): Promise<number> => {
    const state = { isOver: false };
    let lost = 0;
    const acting = act().finally(() => (state.isOver = true));
    do {
      await stage.host.sh('ip neigh flush dev eth0; ip -6 neigh flush dev eth0');
      for (const address of ['10.9.0.2', 'fd00:9::2']) lost += (await ping(stage.host, address)) === 'answer' ? 0 : 1;
    } while (!state.isOver);
    await acting;
    return lost;
  };

  for (const [network, addresses] of [
    ['of both families', dualStack],
    ['of IPv4 alone', ['10.1.0.2']],
  ] as const) {
    for (const kind of ['ns', 'rs'] as const) {
      it(`stays as it is, whatever a container ${network} asks from sources of its making (${kind})`, async function () {
        this.timeout(60_000);
        await set('strict', ...addresses);

        const lost = await lostMeanwhile(() => solicit(stage.one, kind, REQUESTS));

        expect({ entries: await entries(), lost }).to.deep.equal({ entries: 0, lost: 0 });
      });
    }
  }

  it('stays as it is although a container of IPv4 alone may send from any address', async () => {
    await set('allow', '10.1.0.2');

    await solicit(stage.one, 'ns', 3_000);
    await solicit(stage.one, 'rs', 300);

    expect(await entries()).to.equal(0);
  });

  for (const kind of ['ns', 'rs', 'arp'] as const) {
    it(`takes few entries from a container that may send from any address (${kind})`, async () => {
      await set('allow', ...dualStack);

      await solicit(stage.one, kind, 3_000);

      expect(await entries()).to.be.within(1, 70);
    });
  }

  it('is not asked more often than a container with one gateway has to', async () => {
    await set('strict', ...dualStack);
    const answers = async (): Promise<number> =>
      Number((await stage.host.sh("nstat -asz Icmp6OutNeighborAdvertisements | awk '/Out/ { print $2 }'")).trim());
    const before = await answers();

    await solicit(stage.one, 'ns', 3_000, linkLocal);

    expect((await answers()) - before).to.be.within(1, 70);
    expect(await entries()).to.equal(0);
  });

  it('serves a container that asks as often as it may, and one beside it', async () => {
    await set('strict', ...dualStack);
    await solicit(stage.one, 'ns', 3_000, linkLocal);

    await stage.two.sh('ip -6 neigh flush dev eth0; ip -4 neigh flush dev eth0');
    expect(await ping(stage.two, 'fd00:9::2')).to.equal('answer');
    expect(await ping(stage.two, GATEWAY)).to.equal('answer');
  });

  it('does without the link-local address of a container that generates another', async function () {
    this.timeout(60_000);
    await set('strict', ...dualStack);
    await stage.one.sh(
      `ip link set eth0 down; sysctl -qw net.ipv6.conf.eth0.stable_secret=2001:db8::1; ip link set eth0 up`,
    );
    await stage.one.sh(
      'sysctl -qw net.ipv6.neigh.eth0.base_reachable_time_ms=1000 net.ipv6.neigh.eth0.delay_first_probe_time=1',
    );
    await stage.one.sh(
      `ip address replace fd00:1::2/128 dev eth0 nodad; ip -6 route replace default via fe80::1 dev eth0`,
    );
    await stage.one.sh(`ip route replace ${GATEWAY} dev eth0; ip route replace default via ${GATEWAY}`);
    await stage.one.sh(
      'for i in $(seq 200); do ip -6 address show dev eth0 | grep -q tentative || break; sleep 0.02; done',
    );
    expect(await stage.one.sh('ip -6 address show dev eth0 scope link')).not.to.contain(linkLocal);

    // Long enough for its entry of the gateway to be confirmed, or lost and asked for, several times.
    const result = await stage.one.run(['ping', '-i', '0.1', '-w', '8', '-q', 'fd00:9::2']);

    expect(result?.stdout).to.match(/ 0% packet loss/);
  });
});
