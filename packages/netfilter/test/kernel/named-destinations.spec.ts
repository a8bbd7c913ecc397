import { parseIp } from '@routed/addresses';
import { expect } from 'chai';
import { isNetlinkError } from '@routed/netns';
import { openNfnetlink } from '@routed/netns/nfnetlink';
import {
  type CommandRunner,
  createEndpointFilters,
  openPacketQueue,
  parseAllowList,
  watchRuleset,
} from '../../src/index.ts';
import { connect, type FilterStage, LINK, openFilterStage, ping, RULES } from '../support/stage.ts';
import { until } from '../support/until.ts';

const CLIENT = { link: LINK, address: parseIp('10.9.0.2')! };
const CLIENT6 = { link: LINK, address: parseIp('fd00:9::2')! };
const MINUTE_MS = 60_000;
const QUEUE = 4_711;

describe('what is open by name', () => {
  let stage: FilterStage;
  const limit = (egress: string, whenAway: 'closed' | 'open' = 'closed'): Promise<void> =>
    stage.filters.set({
      link: LINK,
      addresses: ['10.1.0.2', 'fd00:1::2'],
      spoof: 'allow',
      egress: parseAllowList(egress, 'egress'),
      whenAway,
    });
  const outcome = async (address: string, port: number): Promise<string> =>
    (await connect(stage.one, address, port)).outcome;

  before(async () => {
    stage = await openFilterStage();
    await stage.serve(stage.client, 80);
    await stage.serve(stage.client, 8_080);
  });
  after(() => stage.close());
  beforeEach(() => limit('api.example.com:80/tcp'));
  afterEach(() => stage.filters.close(LINK));

  it('is nothing before something is opened', async () => {
    expect(await outcome('10.9.0.2', 80)).to.equal('reset');
    expect(await outcome('fd00:9::2', 80)).to.equal('reset');
  });

  it('is the service of an entry, in both families', async () => {
    const service = { protocol: 'tcp', firstPort: 80, lastPort: 80 } as const;

    await stage.filters.open([CLIENT, CLIENT6].map((each) => ({ ...each, service, timeoutMs: MINUTE_MS })));

    for (const { address } of [{ address: '10.9.0.2' }, { address: 'fd00:9::2' }]) {
      expect(await outcome(address, 80)).to.equal('connected');
      expect(await outcome(address, 8_080)).to.equal('reset');
      expect(await ping(stage.one, address)).to.equal('prohibited');
    }
  });

  it('is a range of ports, or everything', async () => {
    await limit('api.example.com:8000-8100/tcp');
    await stage.filters.open([
      { ...CLIENT, service: { protocol: 'tcp', firstPort: 8_000, lastPort: 8_100 }, timeoutMs: MINUTE_MS },
      { ...CLIENT6, timeoutMs: MINUTE_MS },
    ]);

    expect(await outcome('10.9.0.2', 8_080)).to.equal('connected');
    expect(await outcome('10.9.0.2', 80)).to.equal('reset');
    expect(await outcome('fd00:9::2', 80)).to.equal('connected');
    expect(await ping(stage.one, 'fd00:9::2')).to.equal('answer');
    await using nfnetlink = await openNfnetlink({ netns: stage.host.netns });
    await createEndpointFilters({ nfnetlink, run: (...asked) => stage.host.run(...asked) }, RULES).ensure();
    expect(await outcome('10.9.0.2', 8_080), 'after a restart').to.equal('connected');
  });

  it('ends by itself, begins anew, and is closed', async () => {
    await stage.filters.open([{ ...CLIENT, timeoutMs: 300 }]);
    await stage.filters.open([{ ...CLIENT6, timeoutMs: 300 }]);
    await stage.filters.open([{ ...CLIENT6, timeoutMs: MINUTE_MS }]);

    await until(async () => (await outcome('10.9.0.2', 80)) === 'reset', 'the end of the time', 10_000);
    expect(await outcome('fd00:9::2', 80)).to.equal('connected');
    await stage.filters.close(LINK);
    expect(await outcome('fd00:9::2', 80)).to.equal('reset');
  });

  it('stays when the filters are looked at and put right, and is for its link alone', async () => {
    await stage.filters.open([{ ...CLIENT, link: 'vethr0000000009', timeoutMs: MINUTE_MS }]);
    expect(await outcome('10.9.0.2', 80)).to.equal('reset');
    await stage.filters.open([{ ...CLIENT, timeoutMs: MINUTE_MS }]);

    expect(await stage.filters.ensure()).to.equal('present');
    await stage.host.sh('nft flush set inet routed egress_named');
    expect(await outcome('10.9.0.2', 80)).to.equal('reset');
    expect(await stage.filters.ensure()).to.equal('repaired');

    expect(await outcome('10.9.0.2', 80)).to.equal('connected');
    await stage.filters.close('vethr0000000009');
  });

  it('is everything while nobody reads names, if the filter says so and its list has names', async () => {
    const outcomes = async (): Promise<string[]> => [await outcome('10.9.0.2', 80), await outcome('fd00:9::2', 8_080)];
    await limit('api.example.com:443', 'open');
    expect(await outcomes()).to.deep.equal(['connected', 'connected']);

    await stage.filters.attend(MINUTE_MS);
    expect(await outcomes()).to.deep.equal(['reset', 'reset']);
    await stage.host.sh('nft flush ruleset');
    await stage.filters.ensure();
    expect(await outcomes()).to.deep.equal(['reset', 'reset']);

    await stage.filters.attend(300);
    await until(async () => (await outcome('10.9.0.2', 80)) === 'connected', 'the end of the time', 10_000);
    for (const [list, whenAway] of [
      ['api.example.com:443', 'closed'],
      ['10.77.0.1', 'open'],
    ] as const) {
      await limit(list, whenAway);
      expect(await outcomes(), list).to.deep.equal(['reset', 'reset']);
    }
    await stage.filters.attend(MINUTE_MS);
    await stage.filters.attend(0);
    await limit('api.example.com:443', 'open');
    expect(await outcomes()).to.deep.equal(['connected', 'connected']);
  });

  it('hands over DNS of links with names alone, and again after the rules were flushed', async () => {
    const way = await stage.filters.handDns({ queue: QUEUE, mark: 0x1000_0000 });
    expect(['nft', 'iptables']).to.contain(way);
    await using queue = await openPacketQueue({ number: QUEUE, netns: stage.host.netns });
    const asked: string[] = [];
    queue.on('packets', (packets) => {
      asked.push(...packets.map(({ bytes }) => Buffer.from(bytes.subarray(28)).toString().trim()));
      queue.decide(packets.map(({ id }) => ({ id, verdict: 'accept' })));
    });
    const ask = (from: typeof stage.one, what: string): Promise<unknown> =>
      from.run(['bash', '-c', `exec 3<>/dev/udp/10.9.0.2/53; echo ${what} >&3`]);
    const isAsked = (what: string): Promise<void> =>
      until(() => Promise.resolve(asked.includes(what)), `question ${what}`, 10_000);

    await ask(stage.two, 'without-names');
    await ask(stage.one, 'first');
    await isAsked('first');

    await stage.host.sh('nft flush chain inet routed questions; iptables -t mangle -F');
    await stage.filters.ensure();
    await ask(stage.one, 'second');
    await isAsked('second');
    expect(asked).to.deep.equal(['first', 'second']);
  });

  it('is there again, for the rest of its time, after everything was flushed', async () => {
    await stage.filters.open([
      { ...CLIENT, timeoutMs: MINUTE_MS },
      { ...CLIENT6, timeoutMs: 1 },
    ]);
    await stage.host.sh('nft flush ruleset');

    expect(await stage.filters.ensure()).to.equal('installed');

    expect(await outcome('10.9.0.2', 80)).to.equal('connected');
    expect(await stage.host.sh('nft list set inet routed named6')).not.to.contain('elements');
  });

  it('leaves no rules when the filters are cleared', async () => {
    await stage.filters.handDns({ queue: QUEUE, mark: 0x1000_0000 });

    await stage.filters.clear();

    expect(await stage.host.sh('iptables-save; ip6tables-save; nft list tables')).not.to.match(/ROUTED|routed/);
  });

  it('hands over DNS again with the rules that follow cleared ones', async () => {
    const way = await stage.filters.handDns({ queue: QUEUE, mark: 0x1000_0000 });
    await stage.filters.clear();

    await stage.filters.ensure();

    const rules = way === 'nft' ? 'nft list chain inet routed questions' : 'iptables-save --table mangle';
    expect(await stage.host.sh(rules)).to.match(/queue|NFQUEUE/);
  });

  for (const variant of ['nft', 'legacy']) {
    it(`has the rules of iptables-${variant} back that hand DNS over, after somebody flushed them`, async () => {
      await using nfnetlink = await openNfnetlink({ netns: stage.host.netns });
      await using watch = await watchRuleset({ netns: stage.host.netns, filterTable: RULES.table, own: nfnetlink });
      const run: CommandRunner = ([program, ...words], input) =>
        // As on a kernel whose nftables has no queues.
        program === 'nft' && input?.includes(' queue num ') === true
          ? Promise.resolve({ exitCode: 1, stdout: '', stderr: 'No such file or directory' })
          : stage.host.run([program.replace(/^ip6?tables/, `$&-${variant}`), ...words], input);
      const filters = createEndpointFilters({ nfnetlink, run, watch }, RULES);
      expect(await filters.handDns({ queue: QUEUE, mark: 0x1000_0000 })).to.equal('iptables');
      await until(async () => (await filters.ensure()) === 'present', 'nothing to repair', 10_000);

      for (const flush of ['-F', '-D PREROUTING -j ROUTED-DNS; true']) {
        await stage.host.sh(`iptables-${variant} -t mangle ${flush}`);
        await until(async () => (await filters.ensure()) === 'repaired', `${flush} is repaired`, 10_000);
        const listed = await stage.host.sh(`iptables-${variant} -t mangle -S`);
        expect(listed).to.contain(`--queue-num ${QUEUE}`).and.to.contain('-A PREROUTING -j ROUTED-DNS');
      }
      await filters.clear();
      expect(await stage.host.sh(`iptables-${variant} -t mangle -S`)).not.to.contain('ROUTED');
    });
  }

  it('is refused by the kernel without the rules', async () => {
    await stage.host.sh('nft delete table inet routed');

    const error = await stage.filters.open([{ ...CLIENT, timeoutMs: MINUTE_MS }]).catch((reason: unknown) => reason);

    expect(isNetlinkError(error, 'ENOENT'), String(error)).to.equal(true);
  });
});
