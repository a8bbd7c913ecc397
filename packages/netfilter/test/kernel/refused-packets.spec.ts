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

const DEADLINE_MS = 20_000;
const CLIENT = { 4: '10.9.0.2', 6: 'fd00:9::2' } as const;
const OWN = { 4: '10.1.0.2', 6: 'fd00:1::2' } as const;

describe('what filters refuse', () => {
  let stage: FilterStage;
  let log: PacketLog;
  let reading: Promise<void>;
  const seen: LoggedPacket[] = [];
  const give = (filter: Partial<EndpointFilter>): Promise<void> =>
    stage.filters.set({ link: LINK, addresses: [OWN[4], OWN[6]], spoof: 'strict', ...filter });
  const first = async (): Promise<LoggedPacket> => {
    await until(() => seen.length > 0, 'a packet was logged', DEADLINE_MS);
    return seen[0]!;
  };

  before(async function () {
    this.timeout(60_000);
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
  afterEach(async () => {
    await stage.filters.remove(LINK);
    seen.length = 0;
  });

  for (const family of [4, 6] as const) {
    it(`is logged on its way in and out, IPv${family}`, async () => {
      const link = Number(await stage.host.sh(`ip -o link show dev ${LINK} | cut -d: -f1`));
      await give({ ingress: parseAllowList('10.9.0.9') });
      expect((await connect(stage.client, OWN[family], 80)).outcome).to.equal('reset');
      expect(await first()).to.include({
        ...{ prefix: 'routed ingress', hook: 'forward', family, protocol: 6, destinationPort: 80, outLink: link },
        ...{ source: CLIENT[family], destination: OWN[family] },
      });
      seen.length = 0;

      await give({ egress: parseAllowList('10.9.0.9', 'egress') });
      expect((await connect(stage.one, CLIENT[family], 81)).outcome).to.equal('reset');
      expect(await first()).to.include({
        ...{ prefix: 'routed egress', hook: 'forward', family, protocol: 6, destinationPort: 81, inLink: link },
        ...{ source: OWN[family], destination: CLIENT[family] },
      });
    });
  }

  it('is logged as well where the list only counts, and where the host is the peer', async () => {
    await give({ ingress: parseAllowList('10.9.0.9'), observed: ['ingress'] });
    expect((await connect(stage.client, OWN[4], 80)).outcome).to.equal('connected');
    expect(await first()).to.include({ prefix: 'routed ingress', destinationPort: 80 });
    seen.length = 0;
    await give({ ingress: parseAllowList('10.9.0.9') });

    expect(await ping(stage.host, OWN[4])).to.equal('prohibited');

    expect(await first()).to.include({ prefix: 'routed ingress', hook: 'output', protocol: 1 });
    expect(seen[0]?.icmp).to.deep.equal({ type: 8, code: 0 });
  });

  it('is logged of senders that are not the container, and counted once', async () => {
    await give({});

    await sendFrame(stage.one, ping4(MAC, '10.1.0.99', CLIENT[4]));

    expect(await first()).to.include({ prefix: 'routed sender', source: '10.1.0.99', destination: CLIENT[4] });
    expect((await stage.filters.counters()).get(LINK)?.spoofed.packets).to.equal(1n);
  });

  it('is not logged of what passes, and a few a second of a flood', async () => {
    await give({ ingress: parseAllowList(CLIENT[4]) });
    expect((await connect(stage.client, OWN[4], 80)).outcome).to.equal('connected');
    await give({ ingress: parseAllowList('10.9.0.9') });

    await stage.client.sh(`bash -c 'for i in $(seq 200); do printf x > /dev/udp/${OWN[4]}/5300; done'`);

    await until(
      async () => (await stage.filters.counters()).get(LINK)?.ingress.refused.packets === 200n,
      'all are counted',
      DEADLINE_MS,
    );
    await until(() => seen.length >= 20, 'the first are logged', DEADLINE_MS);
    expect(seen.every(({ destinationPort }) => destinationPort === 5300)).to.equal(true);
    expect(seen.length).to.be.lessThan(200);
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
    expect((await connect(stage.client, OWN[4], 80)).outcome).to.equal('reset');
    await nfnetlink.close();
  });
});
