import { type ChildProcess, spawn } from 'node:child_process';
import { NetlinkError } from '@routed/netns';
import { type Nfnetlink, openNfnetlink } from '@routed/netns/nfnetlink';
import { expect } from 'chai';
import { type Connections, createConnections, parseAllowList } from '../../src/index.ts';
import type { ProgramNamespace } from '../support/namespace.ts';
import { until } from '../support/until.ts';
import { connect, type FilterStage, LINK, openFilterStage } from '../support/stage.ts';

const PORT = 4000;

describe('connections that a list let pass before', () => {
  let stage: FilterStage;
  let nfnetlink: Nfnetlink;
  let connections: Connections;
  const servers: ChildProcess[] = [];
  const addresses = ['10.1.0.2', 'fd00:1::2'];
  const allow = (list: string): Promise<void> =>
    stage.filters.set({ link: LINK, addresses, ingress: parseAllowList(list), spoof: 'strict' });
  const send = async (from: ProgramNamespace, port: number, to: string, toPort = PORT): Promise<string> =>
    (await from.sh(`perl ${import.meta.dirname}/../support/udp-flow.pl ${port} ${to} ${toPort}`)).trim();
  const echo = async (namespace: ProgramNamespace): Promise<void> => {
    const program = ['perl', `${import.meta.dirname}/../support/udp-echo.pl`, String(PORT)];
    const server = spawn('nsenter', ['--net', '-t', String(namespace.pid), ...program]);
    servers.push(server);
    await new Promise((resolve) => server.stdout.once('data', resolve));
  };

  before(async function () {
    this.timeout(30_000);
    stage = await openFilterStage();
    nfnetlink = await openNfnetlink({ netns: stage.host.netns });
    connections = createConnections({ nfnetlink });
    await stage.filters.ensure();
    await echo(stage.one);
    await echo(stage.client);
    await stage.serve(stage.one, 80);
  });
  after(async () => {
    for (const server of servers) server.kill('SIGKILL');
    await nfnetlink.close();
    await stage.close();
  });
  beforeEach(() => stage.filters.remove(LINK));
  afterEach(() => connections.forget([...addresses, '10.1.0.3', 'fd00:1::3']));

  /** A kernel that cannot delete by a filter. */
  const older = (): Connections => {
    let isFirst = true;
    const refuse = (): Promise<readonly NetlinkError[]> => {
      isFirst = false;
      return Promise.resolve([new NetlinkError({ code: 'EINVAL', errno: 22, operation: 'test', subject: '' })]);
    };
    const each: Nfnetlink['each'] = (...args) => (isFirst ? refuse() : nfnetlink.each(...args));
    const dump: Nfnetlink['dump'] = (...args) => nfnetlink.dump(...args);
    return createConnections({ nfnetlink: { each, dump } as Nfnetlink });
  };

  for (const [family, own, client, own2] of [
    ['IPv4', '10.1.0.2', '10.9.0.2', '10.1.0.3'],
    ['IPv6', 'fd00:1::2', 'fd00:9::2', 'fd00:1::3'],
  ] as const) {
    describe(family, () => {
      for (const [kernel, connectionsOf] of [
        ['this kernel', () => connections],
        ['one before 6.8', older],
      ] as const) {
        it(`are forgotten with the address, on ${kernel}`, async () => {
          expect(await send(stage.client, 5001, own)).to.equal('answer');
          await allow('none');
          expect(await send(stage.client, 5001, own)).to.equal('answer');

          await connectionsOf().forget([own]);

          expect(await send(stage.client, 5001, own)).to.equal('none');
        });

        it(`are forgotten when the container began them, on ${kernel}`, async () => {
          expect(await send(stage.one, 5002, client)).to.equal('answer');
          await allow('none');

          await connectionsOf().forget([own]);

          expect(await stage.host.sh('grep -c sport=5002 /proc/net/nf_conntrack || true')).to.match(/^0/);
        });
      }

      it('end where the new list does not name them, and go on where it does', async () => {
        expect(await send(stage.client, 5003, own)).to.equal('answer');
        expect(await send(stage.host, 5004, own)).to.equal('answer');
        await allow(client);

        const ended = await connections.forgetRefused([own], parseAllowList(client));

        expect(ended).to.equal(1);
        expect(await send(stage.client, 5003, own)).to.equal('answer');
        expect(await send(stage.host, 5004, own)).to.equal('none');
      });

      it('end where the new list names another port of the container', async () => {
        expect(await send(stage.client, 5005, own)).to.equal('answer');
        const source = family === 'IPv6' ? `[${client}]` : client;

        expect(await connections.forgetRefused([own], parseAllowList(`${source}:${PORT}/udp`))).to.equal(0);
        expect(await connections.forgetRefused([own], parseAllowList(`${source}:${PORT}/tcp`))).to.equal(1);
      });

      it('stay when they are those of another address', async () => {
        expect(await send(stage.client, 5006, own)).to.equal('answer');
        await allow('none');

        await connections.forget([own2]);

        expect(await send(stage.client, 5006, own)).to.equal('answer');
      });

      it('do not come back by an answer that was on its way', async () => {
        expect(await send(stage.client, 5008, own)).to.equal('answer');
        await allow('none');
        const entries = (): Promise<string> => stage.host.sh('grep -c "port=5008" /proc/net/nf_conntrack || true');
        let isLate = true;
        const each: Nfnetlink['each'] = async (...args) => {
          const errors = await nfnetlink.each(...args);
          if (!isLate) return errors;
          isLate = false;
          servers[0]?.kill('SIGUSR1');
          await until(async () => (await entries()).trim() !== '0', 'the late answer', 5_000);
          return errors;
        };
        const dump: Nfnetlink['dump'] = (...args) => nfnetlink.dump(...args);

        await createConnections({ nfnetlink: { each, dump } as Nfnetlink }).forgetRefused(
          [own],
          parseAllowList('none'),
        );

        expect(await send(stage.client, 5008, own)).to.equal('none');
      });

      it('leave the container those that it began itself', async () => {
        expect(await send(stage.one, 5007, client)).to.equal('answer');

        expect(await connections.forgetRefused([own], parseAllowList('none'))).to.equal(0);
      });
    });
  }

  it('include TCP', async () => {
    expect((await connect(stage.client, '10.1.0.2', 80)).outcome).to.equal('connected');

    expect(await connections.forgetRefused(['10.1.0.2'], parseAllowList('none'))).to.be.above(0);
  });

  describe('among 10,000 others', () => {
    it('are found in some milliseconds of processor time', async () => {
      const count = 10_000;
      await stage.client.sh(
        `perl -MSocket -e 'socket(my $s, AF_INET, SOCK_DGRAM, 0) or die; for my $p (1..${count}) { send($s, "x", 0, sockaddr_in(10000 + $p, inet_aton("10.1.0.3"))) }'`,
      );
      expect(Number(await stage.host.sh('sysctl -n net.netfilter.nf_conntrack_count'))).to.be.at.least(count);
      const times: Record<string, number[]> = { forget: [], older: [], refused: [] };
      const slow = older();
      for (let round = 0; round < 10; round++) {
        for (const [name, run] of [
          ['forget', () => connections.forget(addresses)],
          ['older', () => slow.forget(addresses)],
          ['refused', () => connections.forgetRefused(addresses, parseAllowList('none'))],
        ] as const) {
          const before = process.cpuUsage();
          await run();
          const { user, system } = process.cpuUsage(before);
          // Of this process, its work in the kernel included: what a busy machine keeps it waiting is no concern here.
          times[name]?.push((user + system) / 1_000);
        }
      }

      const medians = Object.entries(times).map(([name, all]) => {
        const sorted = [...all].sort((one, other) => one - other);
        return [name, sorted[5] ?? 0] as const;
      });
      console.log(`      ${medians.map(([name, ms]) => `${name} ${ms.toFixed(2)} ms`).join(', ')} of processor time`);
      for (const [name, ms] of medians) expect(ms, name).to.be.below(150);
      expect(Number(await stage.host.sh('sysctl -n net.netfilter.nf_conntrack_count'))).to.be.at.least(count);
    }).timeout(30_000);
  });
});
