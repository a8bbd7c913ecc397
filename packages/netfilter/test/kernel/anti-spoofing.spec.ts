import { expect } from 'chai';
import { type EndpointFilters } from '../../src/index.ts';
import { arpClaim, neighbourClaim, neighbourProbe, ping4, ping6, routerClaim } from '../support/frames.ts';
import {
  type FilterStage,
  GATEWAY,
  LINK,
  MAC,
  openFilterStage,
  OTHER_LINK,
  ping,
  sendFrame,
} from '../support/stage.ts';

/** What the container's kernel makes of its MAC address. Source: RFC 4291, appendix A. */
const linkLocal = 'fe80::42:aff:fe01:2';
const own = { link: LINK, addresses: ['10.1.0.2', 'fd00:1::2', linkLocal] };

describe('anti-spoofing, with raw frames from inside a container', () => {
  let stage: FilterStage;
  let filters: EndpointFilters;

  before(async function () {
    this.timeout(20_000);
    stage = await openFilterStage();
    filters = stage.filters;
    await filters.ensure();
    await filters.set({
      link: OTHER_LINK,
      addresses: ['10.1.0.3', 'fd00:1::3', 'fe80::42:aff:fe01:3'],
      spoof: 'strict',
    });
    // What the kernel would check by itself is off, so that the filters are seen to do it.
    await stage.host.sh(`for key in all ${LINK}; do sysctl -qw net.ipv4.conf.$key.rp_filter=0; done`);
    await stage.host.sh(`sysctl -qw net.ipv4.conf.${LINK}.arp_accept=1`);
  });
  after(() => stage.close());

  const strict = (): Promise<void> => filters.set({ ...own, spoof: 'strict' });
  const lax = (): Promise<void> => filters.set({ ...own, spoof: 'allow' });

  /** How many packets of `protocol` the client got while `act` ran. */
  async function receivedBy(key: string, act: () => Promise<void>): Promise<number> {
    const read = async (): Promise<number> => {
      const text = await stage.client.sh(`nstat -asz ${key} | awk '/${key}/ { print $2 }'`);
      return Number(text.trim());
    };
    const before = await read();
    await act();
    return (await read()) - before;
  }
  async function dropped(act: () => Promise<void>): Promise<number> {
    const read = async (): Promise<bigint> => (await filters.counters()).get(LINK)?.spoofed.packets ?? 0n;
    const before = await read();
    await act();
    return Number((await read()) - before);
  }

  describe('of senders', () => {
    const cases: [what: string, key: string, frame: string][] = [
      ["another container's IPv4 address", 'IcmpInEchos', ping4(MAC, '10.1.0.3', '10.9.0.2')],
      ['an IPv4 address of nobody', 'IcmpInEchos', ping4(MAC, '192.0.2.7', '10.9.0.2')],
      ["the gateway's IPv4 address", 'IcmpInEchos', ping4(MAC, GATEWAY, '10.9.0.2')],
      ["another container's IPv6 address", 'Icmp6InEchos', ping6(MAC, 'fd00:1::3', 'fd00:9::2')],
      ['an IPv6 address of nobody', 'Icmp6InEchos', ping6(MAC, '2001:db8::7', 'fd00:9::2')],
    ];
    for (const [what, key, frame] of cases) {
      it(`strict: nothing from ${what} leaves the host`, async () => {
        await strict();

        const drops = dropped(async () => {
          expect(await receivedBy(key, () => sendFrame(stage.one, frame))).to.equal(0);
        });

        expect(await drops).to.equal(1);
      });

      it(`allow: ${what} may be used`, async () => {
        await lax();

        // A martian source is dropped by routing in any case.
        const expected = what.includes('gateway') ? 0 : 1;
        expect(await receivedBy(key, () => sendFrame(stage.one, frame))).to.equal(expected);
      });
    }

    it('strict: every address of its own can be used, and works', async () => {
      await filters.set({ ...own, addresses: [...own.addresses, '10.1.0.20', 'fd00:1::20'], spoof: 'strict' });
      await stage.one.sh('ip address add 10.1.0.20/32 dev eth0; ip address add fd00:1::20/128 dev eth0 nodad');
      await stage.host.sh(`ip route add 10.1.0.20/32 dev ${LINK}; ip -6 route add fd00:1::20/128 dev ${LINK}`);

      try {
        for (const [source, to] of [
          ['10.1.0.2', '10.9.0.2'],
          ['10.1.0.20', '10.9.0.2'],
          ['fd00:1::2', 'fd00:9::2'],
          ['fd00:1::20', 'fd00:9::2'],
        ] as const) {
          expect(await ping(stage.one, to, '-I', source), source).to.equal('answer');
        }
        await strict();
        expect(await ping(stage.one, '10.9.0.2', '-I', '10.1.0.20')).to.equal('silence');
        expect(await ping(stage.one, 'fd00:9::2', '-I', 'fd00:1::20')).to.equal('silence');
        expect(await ping(stage.one, '10.9.0.2', '-I', '10.1.0.2')).to.equal('answer');
      } finally {
        await stage.one.sh('ip address delete 10.1.0.20/32 dev eth0; ip address delete fd00:1::20/128 dev eth0');
      }
    });

    it('strict: the host itself is no more reachable than others', async () => {
      await strict();
      const key = 'IcmpInEchos';
      const read = async (): Promise<string> => stage.host.sh(`nstat -asz ${key} | awk '/${key}/ { print $2 }'`);
      const before = await read();

      await sendFrame(stage.one, ping4(MAC, '10.1.0.3', '10.9.0.1'));

      expect(await read()).to.equal(before);
      expect(await ping(stage.one, '10.9.0.1')).to.equal('answer');
      expect(await ping(stage.one, 'fe80::1%eth0')).to.equal('answer');
    });
  });

  describe('of claims by ARP', () => {
    const neighbour = (): Promise<string> => stage.host.sh(`ip -4 neigh show dev ${LINK}`);
    beforeEach(() => stage.host.sh(`ip -4 neigh flush dev ${LINK}`));

    for (const [whose, address] of [
      ["another container's", '10.1.0.3'],
      ["the gateway's", GATEWAY],
    ] as const) {
      it(`strict: ${whose} address cannot be claimed`, async () => {
        await strict();

        expect(await dropped(() => sendFrame(stage.one, arpClaim(MAC, address)))).to.equal(1);

        expect(await neighbour()).not.to.contain(address);
      });
    }

    it('allow: it can', async () => {
      await lax();

      await sendFrame(stage.one, arpClaim(MAC, '10.1.0.3'));

      expect(await neighbour()).to.contain(`10.1.0.3 lladdr ${MAC}`);
    });

    it('strict: its own address can be announced, and asked for', async () => {
      await strict();

      expect(await dropped(() => sendFrame(stage.one, arpClaim(MAC, '10.1.0.2')))).to.equal(0);

      expect(await neighbour()).to.contain(`10.1.0.2 lladdr ${MAC}`);
      await stage.one.sh('ip -4 neigh flush dev eth0');
      expect(await ping(stage.one, '10.9.0.2')).to.equal('answer');
    });
  });

  describe('of claims by neighbour discovery', () => {
    const KNOWN = '02:00:00:00:00:99';
    const macOf = async (address: string): Promise<string> =>
      (await stage.host.sh(`ip -6 neigh show ${address} dev ${LINK} | awk '{ print $3 }'`)).trim();
    const know = (address: string): Promise<string> =>
      stage.host.sh(`ip -6 neigh replace ${address} dev ${LINK} lladdr ${KNOWN} nud stale`);

    for (const source of ['fd00:1::2', linkLocal]) {
      it(`strict: another container's address cannot be claimed, from ${source}`, async () => {
        await strict();
        await know('fd00:1::3');

        expect(await dropped(() => sendFrame(stage.one, neighbourClaim(MAC, source, 'fd00:1::3')))).to.equal(1);

        expect(await macOf('fd00:1::3')).to.equal(KNOWN);
      });
    }

    it('allow: it can', async () => {
      await lax();
      await know('fd00:1::3');

      await sendFrame(stage.one, neighbourClaim(MAC, 'fd00:1::2', 'fd00:1::3'));

      expect(await macOf('fd00:1::3')).to.equal(MAC);
    });

    it("strict: nor the gateway's, nor with another's source, nor by asking for it", async () => {
      await strict();

      for (const frame of [
        neighbourClaim(MAC, linkLocal, 'fe80::1'),
        neighbourClaim(MAC, 'fe80::1', 'fe80::1'),
        neighbourClaim(MAC, 'fd00:1::3', 'fd00:1::2'),
        neighbourProbe(MAC, 'fd00:1::3'),
        neighbourProbe(MAC, 'fe80::1'),
        routerClaim(MAC, linkLocal),
        routerClaim(MAC, 'fe80::1'),
      ]) {
        expect(await dropped(() => sendFrame(stage.one, frame)), frame).to.equal(1);
      }
    });

    it('strict: its own addresses can be claimed and asked for, link-local ones too', async () => {
      await strict();
      await know('fd00:1::2');

      for (const frame of [
        neighbourClaim(MAC, 'fd00:1::2', 'fd00:1::2'),
        neighbourClaim(MAC, linkLocal, linkLocal),
        neighbourProbe(MAC, 'fd00:1::2'),
        neighbourProbe(MAC, linkLocal),
      ]) {
        expect(await dropped(() => sendFrame(stage.one, frame)), frame).to.equal(0);
      }

      expect(await macOf('fd00:1::2')).to.equal(MAC);
      await stage.one.sh('ip -6 neigh flush dev eth0');
      expect(await ping(stage.one, 'fd00:9::2')).to.equal('answer');
    });

    it('strict: a container that comes up with IPv6 has nothing dropped', async () => {
      await strict();

      const drops = dropped(async () => {
        await stage.one.sh('ip link set eth0 down; ip link set eth0 up');
        await stage.one.sh(
          'for i in $(seq 200); do ip -6 address show dev eth0 | grep -q tentative || break; sleep 0.02; done',
        );
        await stage.one.sh(
          `ip address add fd00:1::2/128 dev eth0 nodad 2>/dev/null; ip -6 route replace default via fe80::1 dev eth0`,
        );
        await stage.one.sh(`ip route replace ${GATEWAY} dev eth0; ip route replace default via ${GATEWAY}`);
        expect(await ping(stage.one, 'fd00:9::2')).to.equal('answer');
      });

      expect(await drops).to.equal(0);
    });
  });
});
