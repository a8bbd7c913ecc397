import { expect } from 'chai';
import { openNfnetlink } from '@routed/netns/nfnetlink';
import { createEndpointFilters, type EndpointFilter, type EndpointFilters, parseAllowList } from '../../src/index.ts';
import { connect, type FilterStage, LINK, openFilterStage, OTHER_LINK, ping, RULES } from '../support/stage.ts';

const ONE: EndpointFilter = { link: LINK, addresses: ['10.1.0.2', 'fd00:1::2'], spoof: 'strict', conntrack: 'off' };
const TWO: EndpointFilter = { link: OTHER_LINK, addresses: ['10.1.0.3', 'fd00:1::3'], spoof: 'strict' };

describe('packets that are not tracked', () => {
  let stage: FilterStage;
  let filters: EndpointFilters;

  before(async function () {
    this.timeout(20_000);
    stage = await openFilterStage();
    filters = stage.filters;
    // Something else on the host tracks, as Docker does.
    await stage.host.sh('nft add table ip other; nft add chain ip other c { type filter hook forward priority 0\\; }');
    await stage.host.sh('nft add rule ip other c ct state invalid counter; nft add table ip6 other');
    await filters.ensure();
    await stage.serve(stage.one, 80);
    await stage.serve(stage.two, 80);
    await stage.serve(stage.client, 90);
    await stage.serve(stage.host, 91);
  });
  after(() => stage.close());
  afterEach(async () => {
    await filters.remove(LINK);
    await filters.remove(OTHER_LINK);
    await stage.host.run(['conntrack', '-F']);
  });

  /** How many connections of a port the host tracks. */
  async function tracked(port: number): Promise<number> {
    const listed = await Promise.all(
      ['ipv4', 'ipv6'].map((family) =>
        stage.host.run(['conntrack', '-L', '-f', family, '-p', 'tcp', '--dport', `${port}`]),
      ),
    );
    return listed.flatMap((result) => result?.stdout.split('\n') ?? []).filter((line) => line.startsWith('tcp')).length;
  }

  for (const [family, own, other, client, host] of [
    ['IPv4', '10.1.0.2', '10.1.0.3', '10.9.0.2', '10.9.0.1'],
    ['IPv6', 'fd00:1::2', 'fd00:1::3', 'fd00:9::2', 'fd00:9::1'],
  ] as const) {
    describe(family, () => {
      it('pass between a container and other hosts, and leave no entry', async () => {
        await filters.set(ONE);

        expect((await connect(stage.client, own, 80)).outcome).to.equal('connected');
        expect((await connect(stage.one, client, 90)).outcome).to.equal('connected');
        expect(await ping(stage.client, own)).to.equal('answer');

        expect(await tracked(80)).to.equal(0);
        expect(await tracked(90)).to.equal(0);
      });

      it('are those between two containers that both want it; others are tracked', async () => {
        await filters.set(ONE);
        await filters.set(TWO);
        expect((await connect(stage.two, own, 80)).outcome).to.equal('connected');
        expect(await tracked(80)).to.equal(1);
        expect((await connect(stage.client, other, 80)).outcome).to.equal('connected');
        expect(await tracked(80)).to.equal(2);
        await stage.host.run(['conntrack', '-F']);

        await filters.set({ ...TWO, conntrack: 'off' });

        expect((await connect(stage.two, own, 80)).outcome).to.equal('connected');
        expect((await connect(stage.one, other, 80)).outcome).to.equal('connected');
        expect(await tracked(80)).to.equal(0);
      });

      it('are none of those that the host exchanges with the container: its own firewall sees connections', async () => {
        await filters.set(ONE);

        expect((await connect(stage.host, own, 80)).outcome).to.equal('connected');
        expect((await connect(stage.one, host, 91)).outcome).to.equal('connected');

        expect(await tracked(80)).to.equal(1);
        expect(await tracked(91)).to.equal(1);
      });

      it('leave a container with a list alone, which gets answers of one without tracking', async () => {
        await filters.set(ONE);
        await filters.set({ ...TWO, conntrack: 'off', ingress: parseAllowList('none') });

        expect((await connect(stage.two, own, 80)).outcome).to.equal('connected');
        expect((await connect(stage.two, client, 90)).outcome).to.equal('connected');
        expect((await connect(stage.one, other, 80)).outcome).to.equal('reset');
      });
    });
  }

  it('come from addresses of the container only', async () => {
    await filters.set({ ...ONE, addresses: ['10.1.0.77'] });

    expect(await ping(stage.one, '10.9.0.2')).to.equal('silence');
  });

  it('are tracked again without the filter, and without a known uplink', async () => {
    await filters.set(ONE);
    await filters.remove(LINK);
    expect((await connect(stage.client, '10.1.0.2', 80)).outcome).to.equal('connected');
    expect(await tracked(80)).to.equal(1);
    await stage.host.run(['conntrack', '-F']);
    const nfnetlink = await openNfnetlink({ netns: stage.host.netns });
    const without = createEndpointFilters({ nfnetlink, run: (argv, input) => stage.host.run(argv, input) }, RULES);

    await without.set(ONE);

    expect((await connect(stage.client, '10.1.0.2', 80)).outcome).to.equal('connected');
    expect(await tracked(80)).to.equal(1);
    await nfnetlink.close();
  });

  it('stay so for the process after this one, which follows the uplinks', async () => {
    await filters.set(ONE);
    let names = ['eth0', 'eth1'];
    const nfnetlink = await openNfnetlink({ netns: stage.host.netns });
    const next = createEndpointFilters(
      { nfnetlink, run: (argv, input) => stage.host.run(argv, input), uplinks: () => Promise.resolve(names) },
      RULES,
    );

    await next.ensure();

    expect(await next.list()).to.have.members([LINK]);
    expect(await elementsOf('untracked_between')).to.have.members([LINK, 'eth0', 'eth1']);
    expect((await connect(stage.client, '10.1.0.2', 80)).outcome).to.equal('connected');
    expect(await tracked(80)).to.equal(0);
    names = ['eth0'];
    await next.ensure();
    expect(await elementsOf('untracked_uplinks')).to.have.members(['eth0']);
    await nfnetlink.close();
  });

  it('are so again after somebody flushed all rules, or took the link out by hand', async () => {
    await filters.set(ONE);
    await stage.host.sh('nft delete table inet routed');
    expect(await filters.ensure()).to.equal('installed');
    expect((await connect(stage.client, '10.1.0.2', 80)).outcome).to.equal('connected');
    expect(await tracked(80)).to.equal(0);
    await stage.host.sh(`nft delete element inet routed untracked { ${LINK} }`);

    expect(await filters.ensure()).to.equal('repaired');

    expect((await connect(stage.one, '10.9.0.2', 90)).outcome).to.equal('connected');
    expect(await tracked(90)).to.equal(0);
  });

  it('cost the uplinks nothing once no link wants it', async () => {
    await filters.set(ONE);
    expect(await elementsOf('untracked_uplinks')).to.have.members(['eth0']);

    await filters.remove(LINK);

    expect(await elementsOf('untracked_uplinks')).to.deep.equal([]);
    expect(await elementsOf('untracked_between')).to.deep.equal([]);
  });

  async function elementsOf(set: string): Promise<string[]> {
    const listed = await stage.host.sh(`nft list set inet routed ${set}`);
    return [...listed.matchAll(/"(\w+)"/g)].map(([, name = '']) => name);
  }
});
