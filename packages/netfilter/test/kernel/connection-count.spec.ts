import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Nfnetlink, openNfnetlink } from '@routed/netns/nfnetlink';
import { expect } from 'chai';
import { type Connections, createConnections } from '../../src/index.ts';
import { openPeer, type Peer } from '../support/peer.ts';
import { connect, type FilterStage, openFilterStage, ping } from '../support/stage.ts';
import { until } from '../support/until.ts';

const UDP_PORT = 4000;

describe('the count of connections that others opened', () => {
  let stage: FilterStage;
  let nfnetlink: Nfnetlink;
  let connections: Connections;
  let echo: ChildProcess;
  const peers: Peer[] = [];

  before(async function () {
    this.timeout(30_000);
    stage = await openFilterStage();
    nfnetlink = await openNfnetlink({ netns: stage.host.netns });
    connections = createConnections({ nfnetlink });
    // Its rules make the kernel track connections.
    await stage.filters.ensure();
    const program = ['perl', `${import.meta.dirname}/../support/udp-echo.pl`, String(UDP_PORT)];
    echo = spawn('nsenter', ['--net', '-t', String(stage.one.pid), ...program]);
    await new Promise((resolve) => echo.stdout?.once('data', resolve));
  });
  after(async () => {
    echo.kill('SIGKILL');
    await nfnetlink.close();
    await stage.close();
  });
  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.kill()));
    await connections.forget(['10.1.0.2', '10.1.0.3', 'fd00:1::2', 'fd00:1::3']);
  });

  let lastPort = 4300;
  for (const [family, own, client, other] of [
    ['IPv4', '10.1.0.2', '10.9.0.2', '10.1.0.3'],
    ['IPv6', 'fd00:1::2', 'fd00:9::2', 'fd00:1::3'],
  ] as const) {
    describe(family, () => {
      const count = async (): Promise<number | undefined> => (await connections.count([own])).get(own);
      /** Waits for the kernel to see the connection to a port in a state. */
      const untilState = (state: string, port: number): Promise<void> =>
        until(
          async () =>
            (await stage.host.sh(`grep -c '${state} .*dport=${port} ' /proc/net/nf_conntrack || true`)).trim() === '1',
          `${state} at port ${port}`,
        );
      const open = async (): Promise<{ readonly port: number; readonly server: Peer; readonly client: Peer }> => {
        const port = ++lastPort;
        const server = await openPeer(stage.one, port);
        peers.push(server);
        const opener = await openPeer(stage.client, port, own);
        peers.push(opener);
        await Promise.all([server.connected(), opener.connected()]);
        await untilState('ESTABLISHED', port);
        return { port, server, client: opener };
      };

      it('is that of the open ones, for the address that they were opened to', async () => {
        expect(await count()).to.equal(0);
        await open();
        await open();

        expect([...(await connections.count([other, own, client]))]).to.deep.equal([
          [other, 0],
          [own, 2],
          [client, 0],
        ]);
      });

      it('goes with marks: bits are set on those connections, and the others stay', async () => {
        const { port } = await open();
        const marksOf = async (): Promise<string> =>
          stage.host.sh(`sed -n 's/.*dport=${port} .*mark=\\([0-9]*\\).*/\\1/p' /proc/net/nf_conntrack`);

        await connections.mark([other], 0x0100);
        expect(await marksOf(), 'of another address').to.equal('0\n');
        await connections.mark([own], 0x0100);
        await connections.mark([own], 0x0c00_0000);

        expect(Number(await marksOf()).toString(16)).to.equal('c000100');
      });

      it('is the same when many addresses are asked for', async () => {
        await open();
        const many = Array.from({ length: 100 }, (_, i) => (family === 'IPv4' ? `10.2.0.${i}` : `fd00:2::${i}`));

        const counts = await connections.count([...many, own]);

        expect(counts.size).to.equal(101);
        expect([...counts].filter(([, found]) => found > 0)).to.deep.equal([[own, 1]]);
      });

      for (const [who, half] of [
        ['client', (pair: { client: Peer }) => pair.client],
        ['container', (pair: { server: Peer }) => pair.server],
      ] as const) {
        it(`includes one that only the ${who} has closed, until the other end closes it too`, async () => {
          const pair = await open();
          const closing = half(pair);
          await closing.end('finish');
          await untilState('CLOSE_WAIT', pair.port);
          expect(await count()).to.equal(1);

          await (closing === pair.client ? pair.server : pair.client).end('finish');

          await untilState('TIME_WAIT', pair.port);
          expect(await count()).to.equal(0);
        });
      }

      it('leaves out one that was reset', async () => {
        const pair = await open();
        await open();

        await pair.client.end('reset');

        await untilState('CLOSE', pair.port);
        expect(await count()).to.equal(1);
      });

      it('leaves out one that the container has not answered', async () => {
        const port = ++lastPort;
        await stage.one.sh(`ip route add blackhole ${client}`);
        try {
          const attempt = connect(stage.client, own, port);
          await untilState('SYN_SENT', port);

          expect(await count()).to.equal(0);

          expect((await attempt).outcome).to.equal('silence');
        } finally {
          await stage.one.sh(`ip route delete blackhole ${client}`);
        }
      });

      it('leaves out those that the container opened', async () => {
        const port = ++lastPort;
        const server = await openPeer(stage.client, port);
        peers.push(server);
        peers.push(await openPeer(stage.one, port, client));
        await server.connected();
        await untilState('ESTABLISHED', port);

        expect(await count()).to.equal(0);
        expect((await connections.count([client])).get(client)).to.equal(1);
      });

      it('includes UDP once it is answered, and no ping', async () => {
        const flow = `perl ${import.meta.dirname}/../support/udp-flow.pl`;
        expect(await ping(stage.client, own)).to.equal('answer');
        await stage.client.sh(`${flow} 6001 ${own} ${++lastPort}`);
        expect(await count()).to.equal(0);

        expect((await stage.client.sh(`${flow} 6002 ${own} ${UDP_PORT}`)).trim()).to.equal('answer');

        expect(await count()).to.equal(1);
      });
    });
  }

  it('holds the event loop up for less than 2 ms, whatever the number of others', async () => {
    const others = 10_000;
    for (const [domain, address] of [
      ['AF_INET', 'sockaddr_in(10000 + $p, inet_aton("10.1.0.3"))'],
      ['AF_INET6', 'pack_sockaddr_in6(10000 + $p, inet_pton(AF_INET6, "fd00:1::3"))'],
    ] as const) {
      await stage.client.sh(
        `perl -MSocket=:all -e 'socket(my $s, ${domain}, SOCK_DGRAM, 0) or die; for my $p (1..${others}) { send($s, "x", 0, ${address}) }'`,
      );
    }
    expect(Number(await stage.host.sh('sysctl -n net.netfilter.nf_conntrack_count'))).to.be.at.least(2 * others);
    // Without the time that this thread waited for a processor. Source: linux Documentation/scheduler/sched-stats.rst
    const runMs = (): number => {
      const waitedNs = Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[1]);
      return performance.now() - waitedNs / 1e6;
    };
    let best = Infinity;
    const addresses = ['10.1.0.2', ...Array.from({ length: 100 }, (_, i) => `fd00:1::${i + 100}`)];
    // A virtual machine waits for its own processors unseen, so the best round counts.
    for (let round = 0; round < 20 && best >= 2; round++) {
      let isDone = false;
      let last = runMs();
      let gap = 0;
      const turn = (): void => {
        const now = runMs();
        gap = Math.max(gap, now - last);
        last = now;
        if (!isDone) setImmediate(turn);
      };
      turn();
      await connections.count(addresses).finally(() => (isDone = true));
      best = Math.min(best, gap);
    }
    expect(best, 'longest turn in ms').to.be.below(2);
  }).timeout(30_000);
});
