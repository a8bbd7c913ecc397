import { openNfnetlink, type Nfnetlink } from '@routed/netns/nfnetlink';
import { expect } from 'chai';
import {
  type CommandRunner,
  createEndpointFilters,
  type EndpointFilter,
  type EndpointFilters,
  isNetfilterError,
  parseAllowList,
  watchRuleset,
} from '../../src/index.ts';
import { openProgramNamespace, type ProgramNamespace } from '../support/namespace.ts';
import { until } from '../support/until.ts';

const options = { table: 'routed', linkPrefix: 'vethr' };
const web: EndpointFilter = {
  link: 'vethr0000000001',
  addresses: ['10.1.0.2', 'fd00:1::2'],
  ingress: parseAllowList('10.0.0.0/8, 10.1.2.3-10.1.2.9:443, fd00::/8'),
  spoof: 'strict',
};
const other: EndpointFilter = { link: 'vethr0000000002', addresses: ['10.1.0.3'], spoof: 'strict' };

describe('endpoint filters in the kernel', () => {
  let namespace: ProgramNamespace;
  let nfnetlink: Nfnetlink;
  let spawned: string[];
  const run: CommandRunner = (argv, input) => {
    spawned.push(argv.join(' '));
    return namespace.run(argv, input);
  };
  const create = (): EndpointFilters => createEndpointFilters({ nfnetlink, run }, options);

  beforeEach(async () => {
    namespace = await openProgramNamespace();
    nfnetlink = await openNfnetlink({ netns: namespace.netns });
    spawned = [];
  });
  afterEach(async () => {
    await nfnetlink.close();
    await namespace.close();
  });

  /** All rules and elements, without what is counted. */
  const ruleset = async (): Promise<string> => (await namespace.sh('nft -s list ruleset')).replace(/\t/g, '');
  const elements = async (set: string): Promise<string> => {
    const listing = await namespace.sh(`nft -s list set inet routed ${set}`);
    return (/elements = \{[^}]*\}/.exec(listing)?.[0] ?? '').replace(/\s+/g, ' ');
  };

  it('are elements of sets that nft shows', async () => {
    const filters = create();
    await filters.ensure();

    await filters.set(web);

    expect(await elements('own4')).to.equal('elements = { "vethr0000000001" . 10.1.0.2 }');
    expect(await elements('own6')).to.equal('elements = { "vethr0000000001" . fd00:1::2 }');
    expect(await elements('from4_8')).to.equal('elements = { "vethr0000000001" . 10.0.0.0 }');
    expect(await elements('from6_8')).to.equal('elements = { "vethr0000000001" . fd00:: }');
    expect(await elements('service4_32')).to.contain('"vethr0000000001" . 10.1.2.3 . tcp . 443');
  });

  it('start no process, and leave the rules alone', async () => {
    const filters = create();
    await filters.ensure();
    const empty = await ruleset();
    spawned = [];

    await filters.set(web);
    await filters.set({ ...web, ingress: parseAllowList('none') });
    await filters.remove(web.link);

    expect(spawned).to.deep.equal([]);
    expect(await ruleset()).to.equal(empty);
  });

  it('change nothing when set again, and leave nothing of the one before', async () => {
    const filters = create();
    await filters.set(web);
    const first = await ruleset();
    await filters.set(web);
    expect(await ruleset()).to.equal(first);

    await filters.set({ ...web, ingress: parseAllowList('192.168.0.0/16'), addresses: ['10.1.0.9'] });
    expect(await ruleset()).not.to.match(/\. 10\.1\.0\.2\b|fd00|\. 10\.0\.0\.0|443/);

    await filters.set(web);
    expect(await ruleset()).to.equal(first);
  });

  it('are known to the next process, which can take them away; one who looks changes nothing', async () => {
    await create().set(web);
    const before = await ruleset();
    const next = create();

    expect(await next.ensure()).to.equal('installed');
    expect(await ruleset()).to.equal(before);
    expect(await next.list()).to.deep.equal([web.link]);

    await next.set(other);
    await next.remove(web.link);
    expect(await next.list()).to.deep.equal([other.link]);
    expect(await ruleset()).not.to.contain(web.link);
  });

  it('can be taken away by a process that has set none', async () => {
    await create().set(web);

    await create().remove(web.link);

    expect(await ruleset()).not.to.contain(web.link);
  });

  it('are present when nobody touched them, without a process', async () => {
    const filters = create();
    await filters.ensure();
    await filters.set(web);
    spawned = [];

    expect(await filters.ensure()).to.equal('present');

    expect(spawned).to.deep.equal([]);
  });

  for (const damage of [
    'nft flush ruleset',
    'nft delete table inet routed',
    'nft delete table arp routed',
    'nft flush chain inet routed entry4',
    'nft flush table inet routed',
  ]) {
    it(`come back, with what is in them, after "${damage}"`, async () => {
      await using watch = await watchRuleset({ netns: namespace.netns, filterTable: 'routed' });
      const filters = create();
      await filters.set(web);
      await filters.set(other);
      const intact = (await ruleset()).split('\n').sort();
      let heard = 0;
      watch!.on('damage', (rules) => (heard += rules === 'filters' ? 1 : 0));

      await namespace.sh(damage);
      await until(() => heard > 0, 'damage');

      expect(await filters.ensure()).to.equal('installed');
      expect((await ruleset()).split('\n').sort()).to.deep.equal(intact);
      expect(await filters.ensure()).to.equal('present');
    });
  }

  it('can be set although the tables went a moment ago', async () => {
    const filters = create();
    await filters.set(web);
    const intact = (await ruleset()).split('\n').sort();
    await namespace.sh('nft flush ruleset');

    await filters.set({ ...web, ingress: parseAllowList('none') });
    await filters.set(web);

    expect((await ruleset()).split('\n').sort()).to.deep.equal(intact);
  });

  it('can be set and removed although somebody took elements away', async () => {
    const filters = create();
    await filters.set(web);
    await namespace.sh('nft flush set inet routed own4; nft flush set inet routed from4_8');

    await filters.set({ ...web, addresses: ['10.1.0.9'] });
    expect(await elements('own4')).to.contain('10.1.0.9');
    await namespace.sh('nft flush set inet routed own4');
    await filters.remove(web.link);

    expect(await filters.list()).to.deep.equal([]);
  });

  it('have their tables made anew where an earlier version left others', async () => {
    await namespace.sh('nft add table inet routed; nft "add set inet routed own4 { type ipv4_addr; }"');
    const filters = create();

    await filters.set(web);

    expect(await elements('own4')).to.contain('10.1.0.2');
  });

  it('are all or nothing: a refused change leaves the filter as it was', async () => {
    const filters = create();
    await filters.set(web);
    const before = await ruleset();

    const refused = filters.set({ ...web, addresses: ['10.1.0.9', 'not-an-address'] });

    expect(
      await refused.then(
        () => 'done',
        (error: unknown) => isNetfilterError(error, 'FILTER_INVALID'),
      ),
    ).to.equal(true);
    expect(await ruleset()).to.equal(before);
  });

  it('are set for many links at once', async () => {
    const filters = create();
    await filters.ensure();
    const links = Array.from({ length: 200 }, (_, i) => `vethr${i.toString(16).padStart(10, '0')}`);

    await Promise.all(links.map((link, i) => filters.set({ ...web, link, addresses: [`10.1.1.${i}`] })));
    expect((await filters.list()).sort()).to.deep.equal(links);
    await Promise.all(links.map((link) => filters.remove(link)));

    expect(await filters.list()).to.deep.equal([]);
  });

  it('take 10,000 sources', async () => {
    const filters = create();
    await filters.ensure();
    const sources = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);

    await filters.set({ ...web, ingress: parseAllowList(sources.filter((_, i) => i % 2 === 0).join()) });

    expect((await namespace.sh('nft list set inet routed from4_24')).match(/vethr/g)).to.have.lengthOf(5_000);
    const separate = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.7`).join('+');
    await filters.set({ ...web, ingress: parseAllowList(separate) });
    expect((await namespace.sh('nft list set inet routed from4_32')).match(/vethr/g)).to.have.lengthOf(10_000);
    await filters.remove(web.link);
    expect(await filters.list()).to.deep.equal([]);
  });

  it('leave nothing behind when cleared, also twice', async () => {
    const filters = create();
    await filters.set(web);

    await filters.clear();
    await filters.clear();

    expect(await ruleset()).to.equal('');
    await filters.set(web);
    expect(await filters.list()).to.deep.equal([web.link]);
  });
});
