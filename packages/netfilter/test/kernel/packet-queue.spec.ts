import { expect } from 'chai';
import {
  ensureMarkedQueue,
  findQueueWay,
  openPacketQueue,
  type PacketQueue,
  type QueuedPacket,
  queueStatistics,
  removeMarkedQueue,
} from '../../src/index.ts';
import { openProgramNamespace, type ProgramNamespace } from '../support/namespace.ts';
import { until } from '../support/until.ts';

const QUEUE = 4711;
const OPTIONS = { chain: 'ROUTED-TEST', queue: QUEUE, mark: 0x1000_0000 };

describe('a packet queue of the kernel', () => {
  let namespace: ProgramNamespace;
  let queue: PacketQueue | undefined;
  beforeEach(async () => {
    namespace = await openProgramNamespace();
    // What is marked here would be marked by rules of nftables.
    await namespace.sh(`nft -f - <<END
table inet marks {
  chain c { type filter hook prerouting priority mangle - 5; meta l4proto udp th dport 5300 meta mark set ${OPTIONS.mark}; }
}
END`);
    await ensureMarkedQueue((argv, input) => namespace.run(argv, input), OPTIONS);
  });
  afterEach(async () => {
    await queue?.close();
    queue = undefined;
    await namespace.sh(
      `ss -Hlunp sport = :5300 | grep -o 'pid=[0-9]*' | cut -d= -f2 | xargs -r kill; rm -f /tmp/packet-queue-${namespace.pid}`,
    );
    await namespace.close();
  });

  const statistics = (): ReturnType<typeof queueStatistics> =>
    queueStatistics(QUEUE, `/proc/${namespace.pid}/net/netfilter/nfnetlink_queue`);
  /** Starts a listener that writes what it gets to a file. */
  const listen = async (): Promise<() => Promise<string>> => {
    const file = `/tmp/packet-queue-${namespace.pid}`;
    const script =
      'use IO::Socket::INET; $s = IO::Socket::INET->new(Proto => "udp", LocalPort => 5300); $| = 1; alarm 60; print $m while $s->recv($m, 100)';
    await namespace.sh(`perl -e '${script}' </dev/null >${file} 2>&1 &`);
    await until(async () => (await namespace.sh('ss -Hlun sport = :5300')) !== '', 'a listener', 10_000);
    return () => namespace.sh(`cat ${file}`);
  };
  const send = (text: string): Promise<string> => namespace.sh(`bash -c 'printf ${text} > /dev/udp/127.0.0.1/5300'`);

  it('hands over whole packets, and lets those go that it is told to', async () => {
    const heard = await listen();
    queue = await openPacketQueue({ number: QUEUE, netns: namespace.netns });
    const seen: QueuedPacket[] = [];
    const texts: string[] = [];
    queue.on('packets', (packets) => {
      seen.push(...packets);
      texts.push(...packets.map(({ bytes }) => Buffer.from(bytes.subarray(28)).toString()));
      const verdicts = packets.map(({ id, mark }) => ({ id, verdict: 'accept', mark: mark & 0xff }) as const);
      queue?.decide(verdicts);
    });

    await send('one');

    await until(async () => (await heard()) === 'one', 'the packet', 10_000);
    expect(texts).to.deep.equal(['one']);
    expect(seen).to.have.lengthOf(1);
    expect(seen[0]).to.include({ id: 1, hook: 'prerouting', family: 4, inLink: 1, outLink: 0, mark: OPTIONS.mark });
  });

  it('drops those that it is told to, and those that wait when it closes', async () => {
    const heard = await listen();
    queue = await openPacketQueue({ number: QUEUE, netns: namespace.netns });
    let count = 0;
    queue.on('packets', (packets) => {
      for (const { id } of packets) if (++count === 1) queue?.decide([{ id, verdict: 'drop' }]);
    });
    await send('one');
    await send('two');
    await until(() => Promise.resolve(count === 2), 'two packets', 10_000);
    expect(await statistics()).to.deep.equal({ waiting: 1, droppedFull: 0, droppedUnread: 0 });

    await queue.close();
    await send('three');

    await until(async () => (await heard()) === 'three', 'the packet that nobody held', 10_000);
    expect(await statistics()).to.equal(undefined);
  });

  it('drops what is more than may wait, and counts it', async () => {
    queue = await openPacketQueue({ number: QUEUE, netns: namespace.netns, length: 2 });

    for (const text of ['a', 'b', 'c', 'd', 'e']) await send(text);

    await until(async () => (await statistics())?.droppedFull === 3, 'three dropped', 10_000);
    expect(await statistics()).to.deep.equal({ waiting: 2, droppedFull: 3, droppedUnread: 0 });
  });

  it('belongs to one process at a time', async () => {
    queue = await openPacketQueue({ number: QUEUE, netns: namespace.netns });

    const second = await openPacketQueue({ number: QUEUE, netns: namespace.netns }).catch((error: unknown) => error);

    expect(second).to.include({ name: 'NetfilterError', code: 'QUEUE_TAKEN' });
  });

  it('has rules that say when they are there, and leave nothing', async () => {
    const run: ProgramNamespace['run'] = (argv, input) => namespace.run(argv, input);

    expect(await ensureMarkedQueue(run, OPTIONS)).to.equal(false);
    await namespace.sh('iptables -t mangle -F PREROUTING');
    expect(await ensureMarkedQueue(run, OPTIONS)).to.equal(true);
    await removeMarkedQueue(run, OPTIONS.chain);
    await removeMarkedQueue(run, OPTIONS.chain);

    const left = await namespace.sh('iptables-save -t mangle; ip6tables-save -t mangle');
    expect(left).not.to.contain('ROUTED-TEST');
    const before = await namespace.sh('nft list ruleset');
    expect(['nft', 'iptables']).to.contain(await findQueueWay(run));
    expect(await namespace.sh('nft list ruleset')).to.equal(before);
  });
});
