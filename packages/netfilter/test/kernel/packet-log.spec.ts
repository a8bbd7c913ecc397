import { expect } from 'chai';
import { isNetfilterError, loadRules, type LoggedPacket, openPacketLog, type PacketLog } from '../../src/index.ts';
import { openProgramNamespace, type ProgramNamespace } from '../support/namespace.ts';
import { until } from '../support/until.ts';

const GROUP = 4711;
const DEADLINE_MS = 20_000;

describe('a log group of the kernel', () => {
  let namespace: ProgramNamespace;
  let log: PacketLog;
  const seen: LoggedPacket[] = [];
  let reading: Promise<void>;

  const run = (argv: readonly [string, ...string[]], input?: string): ReturnType<ProgramNamespace['run']> =>
    namespace.run(argv, input);
  const logs = (statement: string): Promise<void> =>
    loadRules(
      run,
      `table inet t {
         chain c { type filter hook output priority 0; policy accept; ${statement}; }
       }`,
    );
  const send = (address: string, port: number): Promise<string> =>
    namespace.sh(`bash -c 'printf x > /dev/udp/${address}/${port}'`);
  const start = async (): Promise<void> => {
    log = await openPacketLog(GROUP, { netns: namespace.netns });
    reading = (async () => {
      for await (const packet of log) seen.push(packet);
    })();
  };

  beforeEach(async () => {
    seen.length = 0;
    namespace = await openProgramNamespace();
  });
  afterEach(async () => {
    await log.close();
    await reading;
    await namespace.close();
  });

  for (const [way, prepare] of [
    ['nftables', () => logs(`meta l4proto { udp, tcp } th dport 5300 log prefix "in:rule 7" group ${GROUP}`)],
    [
      'iptables',
      async () => {
        for (const program of ['iptables', 'ip6tables']) {
          for (const protocol of ['udp', 'tcp']) {
            const rule = `-A OUTPUT -p ${protocol} --dport 5300 -j NFLOG --nflog-group ${GROUP} --nflog-prefix "in:rule 7"`;
            await namespace.sh(`${program} ${rule}`);
          }
        }
      },
    ],
  ] as const) {
    it(`tells who, from where, to where, and what the rule says: by rules of ${way}`, async () => {
      await prepare();
      await start();
      const startedAt = Date.now();

      await send('127.0.0.1', 5300);
      await send('127.0.0.1', 5301);
      await namespace.run(['bash', '-c', 'exec 3<>/dev/tcp/::1/5300']);
      await until(() => seen.length >= 2, 'two packets', DEADLINE_MS);

      const [udp, tcp] = seen;
      expect(udp).to.include({ prefix: 'in:rule 7', hook: 'output', family: 4, protocol: 17, lengthBytes: 29 });
      expect(udp).to.include({ source: '127.0.0.1', destination: '127.0.0.1', destinationPort: 5300 });
      expect(udp).to.include({ inLink: 0, outLink: 1, mark: 0 });
      expect(udp?.sourcePort).to.be.greaterThan(1023);
      expect(tcp).to.include({ family: 6, protocol: 6, source: '::1', destination: '::1', destinationPort: 5300 });
      expect(udp?.time.getTime()).to.be.within(startedAt - 1000, Date.now() + 1000);
      expect([seen.length, log.lost]).to.deep.equal([2, 0]);
    });
  }

  it('tells type and code of ICMP, and passes over what is none of IP', async () => {
    await logs(`meta l4proto { icmp, ipv6-icmp } log group ${GROUP}`);
    await start();

    await namespace.sh('ping -c1 -W5 127.0.0.1; ping -c1 -W5 ::1');
    await until(() => seen.length >= 4, 'requests and replies', DEADLINE_MS);

    expect(seen.map(({ icmp }) => icmp?.type)).to.deep.equal([8, 0, 128, 129]);
    expect(seen[0]?.prefix).to.equal('');
  });

  it('counts what a slow reader loses, and ends with what was left', async () => {
    await logs(`udp dport 5300 log group ${GROUP}`);
    log = await openPacketLog(GROUP, { netns: namespace.netns, capacity: 5 });
    reading = Promise.resolve();

    const sent = 20;
    await namespace.sh(`bash -c 'for i in $(seq ${sent}); do printf x > /dev/udp/127.0.0.1/5300; done'`);
    await until(() => log.lost >= sent - 5, 'all were read or lost', DEADLINE_MS);
    await log.close();
    for await (const packet of log) seen.push(packet);

    expect(seen).to.have.lengthOf(5);
    expect(log.lost).to.equal(sent - 5);
  });

  it('belongs to one process at a time, and is free again after it', async () => {
    await start();
    const error: unknown = await openPacketLog(GROUP, { netns: namespace.netns }).catch((e: unknown) => e);
    expect(isNetfilterError(error, 'LOG_TAKEN')).to.equal(true);
    await log.close();
    await reading;

    await start();

    expect(log.group).to.equal(GROUP);
    const range: unknown = await openPacketLog(65_536).catch((e: unknown) => e);
    expect(range).to.be.instanceOf(RangeError);
  });
});
