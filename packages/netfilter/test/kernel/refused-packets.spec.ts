import { openNfnetlink } from '@routed/netns/nfnetlink';
import { expect } from 'chai';
import {
  createEndpointFilters,
  type EndpointFilter,
  type LoggedPacket,
  openPacketLog,
  type PacketLog,
  parseAllowList,
} from '../../src/index.ts';
import { connect, type FilterStage, LINK, MAC, openFilterStage, ping, RULES, sendFrame } from '../support/stage.ts';
import { ping4 } from '../support/frames.ts';
import { until } from '../support/until.ts';

/** What Linux makes of {@link MAC}. */
const LINK_LOCAL = 'fe80::42:aff:fe01:2';
const DEADLINE_MS = 20_000;
const CLIENT = { 4: '10.9.0.2', 6: 'fd00:9::2' } as const;
const OWN = { 4: '10.1.0.2', 6: 'fd00:1::2' } as const;

describe('what filters refuse', () => {
  let stage: FilterStage;
  let log: PacketLog;
  let reading: Promise<void>;
  const seen: LoggedPacket[] = [];
  const give = (filter: Partial<EndpointFilter>): Promise<void> =>
    stage.filters.set({ link: LINK, addresses: [OWN[4], OWN[6], LINK_LOCAL], spoof: 'strict', ...filter });
  /** A packet with these fields, among all: those of other tests may come late. */
  const logged = async (fields: Partial<LoggedPacket>): Promise<void> => {
    const isMeant = (packet: LoggedPacket): boolean =>
      Object.entries(fields).every(([name, value]) => packet[name as keyof LoggedPacket] === value);
    await until(() => seen.some(isMeant), `a packet with ${JSON.stringify(fields)}`, DEADLINE_MS);
  };

  before(async function () {
    this.timeout(120_000);
    stage = await openFilterStage();
    await stage.filters.ensure();
    log = await openPacketLog(RULES.logGroup, { netns: stage.host.netns });
    reading = (async () => {
      for await (const packet of log) seen.push(packet);
    })();
    await stage.serve(stage.one, 80);
  });
  after(async () => {
    await log.close();
    await reading;
    await stage.close();
  });
  afterEach(() => stage.filters.remove(LINK));

  for (const family of [4, 6] as const) {
    it(`is logged on its way in and out, IPv${family}`, async () => {
      const link = Number((await stage.host.sh(`ip -o link show dev ${LINK}`)).split(':')[0]);
      const common = { hook: 'forward', family, protocol: 6 } as const;
      await give({ ingress: parseAllowList('10.9.0.9') });
      await connect(stage.client, OWN[family], 80);
      const entering = { source: CLIENT[family], destination: OWN[family], destinationPort: 80, outLink: link };
      await logged({ ...common, ...entering, prefix: 'routed ingress' });

      await give({ egress: parseAllowList('10.9.0.9', 'egress') });
      await connect(stage.one, CLIENT[family], 81);
      const leaving = { source: OWN[family], destination: CLIENT[family], destinationPort: 81, inLink: link };
      await logged({ ...common, ...leaving, prefix: 'routed egress' });
    });
  }

  it('is logged as well where the list only counts, and where the host is the peer', async () => {
    await give({ ingress: parseAllowList('10.9.0.9'), observed: ['ingress'] });
    await connect(stage.client, OWN[4], 82);
    await logged({ prefix: 'routed ingress', destinationPort: 82 });
    await give({ ingress: parseAllowList('10.9.0.9') });

    await ping(stage.host, OWN[4]);

    await logged({ prefix: 'routed ingress', hook: 'output', protocol: 1, destination: OWN[4] });
  });

  it('is logged of senders that are not the container, and counted once', async () => {
    await give({});

    await sendFrame(stage.one, ping4(MAC, '10.1.0.99', CLIENT[4]));

    await logged({ prefix: 'routed sender', source: '10.1.0.99', destination: CLIENT[4] });
    expect((await stage.filters.counters()).get(LINK)?.spoofed.packets).to.equal(1n);
  });

  it('is not logged of what passes, and a few a second of a flood', async () => {
    await give({ ingress: parseAllowList(CLIENT[4]) });
    await until(
      async () => (await connect(stage.client, OWN[4], 80)).outcome === 'connected',
      'the client is let in',
      DEADLINE_MS,
    );
    await give({ ingress: parseAllowList('10.9.0.9') });
    const ofPort = (port: number): number =>
      seen.filter(({ destinationPort, source }) => destinationPort === port && source === CLIENT[4]).length;
    const before = ofPort(80);

    await stage.client.sh(
      `bash -c 'exec 3>/dev/udp/${OWN[4]}/5300; for i in $(seq 2000); do printf x 2>/dev/null >&3; done; true'`,
    );

    await until(() => ofPort(5300) > 0, 'the first are logged', DEADLINE_MS);
    const counted = (await stage.filters.counters()).get(LINK)?.ingress.refused.packets ?? 0n;
    await logged({ prefix: 'routed ingress', destinationPort: 5300 });
    expect(ofPort(80)).to.equal(before);
    expect(BigInt(ofPort(5300)) < counted / 2n, `${ofPort(5300)} of ${counted}`).to.equal(true);
  });

  it('is refused all the same where nft cannot log', async () => {
    const nfnetlink = await openNfnetlink({ netns: stage.host.netns });
    const filters = createEndpointFilters(
      {
        nfnetlink,
        run: (argv, input) =>
          input?.includes(' log ') === true
            ? Promise.resolve({ exitCode: 1, stdout: '', stderr: 'Error: Could not process rule: No such file' })
            : stage.host.run(argv, input),
      },
      RULES,
    );
    expect(await filters.ensure()).to.equal('installed');
    await filters.set({ link: LINK, addresses: [OWN[4]], ingress: parseAllowList('none'), spoof: 'strict' });

    expect(filters.isLogging).to.equal(false);
    await until(
      async () => (await connect(stage.client, OWN[4], 80)).outcome === 'reset',
      'the client is refused',
      DEADLINE_MS,
    );
    await nfnetlink.close();
  });
});
