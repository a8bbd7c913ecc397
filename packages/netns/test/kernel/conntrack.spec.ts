import { expect } from 'chai';

import { type Connection, type Conntrack, openConntrack } from '../../src/conntrack.ts';
import type { NetlinkError } from '../../src/errors.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import type { Netns } from '../../src/types/netns.ts';
import { run } from '../support/enter.ts';
import { failure } from '../support/failure.ts';

describe('connection tracking', () => {
  let netns: Netns;
  let conntrack: Conntrack;

  beforeEach(async () => {
    netns = await anonymousNetns();
    conntrack = await openConntrack({ netns });
  });

  afterEach(async () => {
    await conntrack.close();
    await netns.close();
  });

  /** Has conntrack(8) enter connections. */
  async function enter(...commands: readonly string[]): Promise<void> {
    for (const command of commands) await run(netns, 'conntrack', '-I', ...command.split(' '), '-t', '100');
  }

  const tcp = (source: string, port: number, rest = '--state ESTABLISHED -u SEEN_REPLY,ASSURED'): string =>
    `-p tcp -s ${source} -d 10.0.0.9 --sport ${port} --dport 80 ${rest}`;
  const udp = (source: string, destination: string): string =>
    `-p udp -s ${source} -d ${destination} --sport 1000 --dport 53`;

  async function list(...args: Parameters<Conntrack['list']>): Promise<Connection[]> {
    const found: Connection[] = [];
    for await (const connection of conntrack.list(...args)) found.push(connection);
    return found;
  }

  it('lists what conntrack(8) entered, and nothing of it is unknown', async () => {
    await enter(`${tcp('10.0.0.1', 1000)} -m 7 -w 5`);
    await enter('-p icmpv6 -s fd00::1 -d fd00::2 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 77');

    const [icmp, established] = (await list()).sort((one, other) => other.family - one.family);

    expect(established).to.deep.include({
      family: 4,
      ipProtocol: 6,
      original: { source: '10.0.0.1', destination: '10.0.0.9', sourcePort: 1000, destinationPort: 80 },
      reply: { source: '10.0.0.9', destination: '10.0.0.1', sourcePort: 80, destinationPort: 1000 },
      mark: 7,
      zone: 5,
    });
    expect(established!.tcp).to.include({ state: 'established' });
    expect(established!.status).to.include({ seenReply: true, assured: true, sourceNat: false });
    expect(established!.timeoutSec).to.be.within(90, 100);
    expect(established).to.not.have.property('unknown');
    expect(icmp).to.deep.include({ family: 6, ipProtocol: 58 });
    expect(icmp!.original.icmp).to.deep.equal({ id: 77, type: 128, code: 0 });
    expect(icmp!.reply.icmp).to.include({ type: 129 });
  });

  it('reports translated addresses in the reply', async () => {
    await enter(`${udp('10.0.0.1', '10.0.0.2')} --src-nat 192.0.2.7`);

    const [connection] = await list();

    expect(connection!.original).to.include({ source: '10.0.0.1' });
    expect(connection!.reply).to.include({ source: '10.0.0.2', destination: '192.0.2.7' });
    expect(connection!.status).to.include({ sourceNat: true });
  });

  it('counts bytes and packets, and says since when, where the namespace does', async () => {
    await run(netns, 'sysctl', '-qw', 'net.netfilter.nf_conntrack_acct=1', 'net.netfilter.nf_conntrack_timestamp=1');
    await enter(udp('10.0.0.1', '10.0.0.2'));

    const [connection] = await list();

    expect(connection!.originalCounters).to.deep.equal({ packets: 0n, bytes: 0n });
    expect(connection!.replyCounters).to.deep.equal({ packets: 0n, bytes: 0n });
    expect(Number(connection!.startedNs! / 1_000_000n)).to.be.closeTo(Date.now(), 60_000);
  });

  it('finds what each field of a filter says, on its own and together', async () => {
    await enter(`${tcp('10.0.0.1', 1000)} -m 0x17`, tcp('10.0.1.1', 1001), udp('10.0.0.1', '10.0.0.9'));
    await enter(udp('fd00::1', 'fd00::9'), `${udp('10.7.0.1', '10.0.0.9')} -w 5`);
    await enter(tcp('10.8.0.1', 1002, '--state SYN_SENT'));

    const counts = await Promise.all([
      conntrack.count({ family: 6 }),
      conntrack.count({ family: 4 }),
      conntrack.count({ source: '10.0.0.1' }),
      conntrack.count({ source: '10.0.0.0/23' }),
      conntrack.count({ source: 'fd00::/16' }),
      conntrack.count({ source: 'fd00::1' }),
      conntrack.count({ destination: '10.0.0.9', ipProtocol: 17 }),
      conntrack.count({ replySource: '10.0.0.9', replyDestination: '10.0.0.1' }),
      conntrack.count({ ipProtocol: 6, destinationPort: 80, sourcePort: 1001 }),
      conntrack.count({ mark: 0x10, markMask: 0xf0 }),
      conntrack.count({ mark: 0 }),
      conntrack.count({ zone: 5 }),
      conntrack.count({ zone: 0 }),
      conntrack.count({ status: { assured: true } }),
      conntrack.count({ status: { assured: false } }),
      conntrack.count({ tcpState: 'syn-sent' }),
      conntrack.count({ source: '10.0.0.1', family: 6 }),
      conntrack.count({}),
    ]);

    expect(counts).to.deep.equal([1, 5, 2, 3, 1, 1, 2, 2, 1, 1, 5, 1, 5, 2, 4, 1, 0, 6]);
    expect((await run(netns, 'conntrack', '-C')).trim()).to.equal('6');
  });

  it('forgets what a filter says, or everything, and how many that were', async () => {
    await enter(
      tcp('10.0.0.1', 1000),
      tcp('10.0.0.1', 1001),
      tcp('10.0.0.2', 1000),
      `${udp('10.0.0.1', '10.0.0.9')} -w 5`,
    );
    await enter('-p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-type 8 --icmp-code 0 --icmp-id 7', udp('fd00::1', 'fd00::9'));

    expect(await conntrack.flush({ source: '10.0.0.1', ipProtocol: 6 })).to.equal(2);
    expect(await conntrack.flush({ zone: 5 })).to.equal(1);
    expect(await conntrack.flush({ source: '10.9.9.9' })).to.equal(0);
    expect(await conntrack.flush({ ipProtocol: 1 })).to.equal(1);
    expect(await conntrack.flush({ family: 6 })).to.equal(1);
    expect((await list()).map(({ original }) => original.source)).to.deep.equal(['10.0.0.2']);
    expect(await conntrack.flush()).to.equal(1);
    expect(await conntrack.count()).to.equal(0);
  });

  it('forgets and marks one connection, unless it is gone', async () => {
    await enter(`${tcp('10.0.0.1', 1000)} -m 0x0f`, tcp('10.0.0.2', 1000));
    const [one] = await list({ source: '10.0.0.1' });

    expect(await conntrack.setMark(one!, 0x30, 0xf0)).to.equal(true);
    expect((await list({ source: '10.0.0.1' }))[0]!.mark).to.equal(0x3f);
    expect(await conntrack.setMark(one!, 5)).to.equal(true);
    expect((await list({ source: '10.0.0.1' }))[0]!.mark).to.equal(5);
    expect(await conntrack.delete(one!)).to.equal(true);
    expect(await conntrack.delete(one!)).to.equal(false);
    expect(await conntrack.setMark(one!, 1)).to.equal(false);
    expect(await conntrack.count()).to.equal(1);
  });

  it('refuses what it does not understand, naming it', async () => {
    const [connection] = (await enter(tcp('10.0.0.1', 1000)), await list());
    const errors = await Promise.all([
      failure(conntrack.count({ sourcePrefix: '10.0.0.0/8' } as never)),
      failure(conntrack.flush({ source: '10.0.0.1/8' })),
      failure(conntrack.flush({ source: 'x' })),
      failure(conntrack.count({ tcpState: 'ESTABLISHED' as never })),
      failure(conntrack.count({ status: { assure: true } as never })),
      failure(conntrack.delete({} as never)),
      failure(conntrack.setMark(connection!, -1)),
    ]);

    expect(errors.map((error) => (error as Partial<NetlinkError>).attribute)).to.deep.equal([
      'sourcePrefix',
      'source',
      'source',
      'tcpState',
      'status.assure',
      'family',
      'mark',
    ]);
    expect(await conntrack.count()).to.equal(1);
  });

  it('refuses options that are not understood, and work after its end', async () => {
    expect(await failure(openConntrack({ ns: netns } as never))).to.include({ code: 'INVALID_ARGUMENT' });
    await conntrack.close();
    expect(await failure(conntrack.count())).to.include({ code: 'CLOSED' });
    expect(await failure(list())).to.include({ code: 'CLOSED' });
  });
});
