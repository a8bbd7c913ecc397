import { openNfnetlink, type Nfnetlink } from '@routed/netns/nfnetlink';
import { expect } from 'chai';
import {
  type CommandRunner,
  createEndpointFilters,
  type EndpointFilter,
  type EndpointFilters,
  parseAllowList,
  type RulesetWatch,
  watchRuleset,
} from '../../src/index.ts';
import { openProgramNamespace, type ProgramNamespace } from '../support/namespace.ts';
import { until } from '../support/until.ts';

const options = { table: 'routed', linkPrefix: 'vethr' };
const web: EndpointFilter = {
  link: 'vethr0000000001',
  addresses: ['10.1.0.2', 'fd00:1::2', 'fe80::42:aff:fe01:2'],
  ingress: parseAllowList('10.0.0.0/8, 10.1.2.3-10.1.2.9:443, fd00::/8'),
  spoof: 'strict',
};
const closed: EndpointFilter = {
  link: 'vethr0000000002',
  addresses: ['10.1.0.3'],
  ingress: parseAllowList('none'),
  spoof: 'strict',
};

/** Long for a machine that does much else; alone it takes some 20 ms. */
const REPAIRED_MS = 2_000;

describe('filters that somebody damages', () => {
  let namespace: ProgramNamespace;
  let nfnetlink: Nfnetlink;
  let watch: RulesetWatch;
  let filters: EndpointFilters;
  let spawned: string[];
  let heard: number;
  let intact: string;

  const run: CommandRunner = (argv, input) => {
    spawned.push(argv.join(' '));
    return namespace.run(argv, input);
  };
  /** All rules and elements, without what is counted. */
  const ruleset = async (): Promise<string> => {
    const listing = await namespace.sh('nft -s list ruleset');
    // Elements have no order, and nft breaks lines where they happen to be long.
    return listing.replace(/elements = \{([^}]*)\}/g, (_, list: string) =>
      list
        .split(/[\s,]+(?=")/)
        .map((element) => element.trim())
        .sort()
        .join(),
    );
  };

  beforeEach(async () => {
    namespace = await openProgramNamespace();
    nfnetlink = await openNfnetlink({ netns: namespace.netns });
    watch = (await watchRuleset({ netns: namespace.netns, filterTable: 'routed', own: nfnetlink }))!;
    filters = createEndpointFilters({ nfnetlink, run, watch }, options);
    spawned = [];
    await filters.set(web);
    await filters.set(closed);
    // Once more after what nft loaded was heard of.
    heard = 0;
    watch.on('damage', (rules) => (heard += rules === 'filters' ? 1 : 0));
    await until(async () => await settled(), 'nothing heard');
    intact = await ruleset();
    spawned = [];
  });
  afterEach(async () => {
    await watch.close();
    await nfnetlink.close();
    await namespace.close();
  });

  const settled = async (): Promise<boolean> => {
    const before = heard;
    await new Promise((resolve) => setTimeout(resolve, 20));
    await filters.ensure();
    return heard === before;
  };

  const damages: [what: string, command: string][] = [
    ['own addresses go', 'nft flush set inet routed own4'],
    ['links are no longer checked for spoofing', 'nft flush set inet routed strict'],
    ['nor by ARP', 'nft flush set arp routed strict'],
    ['closed links are open', 'nft flush set inet routed filtered'],
    ['a source goes from a list', 'nft delete element inet routed from4_8 "{ vethr0000000001 . 10.0.0.0 }"'],
    ['a list gets another source', 'nft add element inet routed from4_8 "{ vethr0000000001 . 192.0.0.0 }"'],
    [
      'a link that is not ours to filter any more is filtered',
      'nft add element inet routed filtered "{ vethr0000000009 }"',
    ],
    ['a link lets IPv6 pass no more', 'nft add element inet routed ipv4_only "{ vethr0000000001 }"'],
    ['a rule is put before ours', 'nft insert rule inet routed from_container accept'],
    ['the tables sleep', 'nft "add table inet routed { flags dormant; }"'],
    ['a chain drops what it would accept', 'nft "add chain inet routed to_container { policy drop; }"'],
  ];
  for (const [what, command] of damages) {
    it(`are put right when ${what}`, async () => {
      await namespace.sh(command);
      const damagedAt = performance.now();
      await until(() => heard > 0, 'damage', REPAIRED_MS);

      expect(await filters.ensure()).to.be.oneOf(['repaired', 'installed']);

      expect(performance.now() - damagedAt).to.be.below(REPAIRED_MS);
      expect(await ruleset()).to.equal(intact);
      await until(settled, 'nothing heard');
      expect(await filters.ensure()).to.equal('present');
    });
  }

  it('are put right when an old dump is loaded, which widens lists and brings links back', async () => {
    const dump = await namespace.sh('nft list ruleset');
    await filters.set({ ...web, ingress: parseAllowList('none') });
    await filters.remove(closed.link);
    const narrow = await ruleset();
    expect(narrow).not.to.equal(intact);

    const loaded = await namespace.run(['nft', '-f', '-'], dump);
    expect(loaded?.exitCode, loaded?.stderr).to.equal(0);
    await until(() => heard > 0, 'damage', REPAIRED_MS);
    await filters.ensure();

    expect(await filters.list()).to.deep.equal([web.link]);
    await until(settled, 'nothing heard');
    expect(await ruleset()).to.equal(narrow);
  });

  it('are put right by setting the same filter again, although nobody was told of the damage', async () => {
    const unwatched = createEndpointFilters({ nfnetlink, run }, options);
    await unwatched.set(web);
    await namespace.sh(
      'nft flush set inet routed own4; nft add element inet routed from4_8 "{ vethr0000000001 . 192.0.0.0 }"',
    );

    await unwatched.set(web);

    expect(await ruleset()).to.equal(intact);
  });

  it('need no process for elements, and are not heard of when they are our own', async () => {
    await filters.set({ ...web, ingress: parseAllowList('10.1.0.0/16') });
    await filters.remove(web.link);
    await filters.set(web);
    await namespace.sh('nft add table ip other; nft add chain ip other c; nft delete table ip other');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).to.equal(0);

    await namespace.sh('nft flush set inet routed own4');
    await until(() => heard > 0, 'damage', REPAIRED_MS);
    expect(await filters.ensure()).to.equal('repaired');

    expect(spawned).to.deep.equal([]);
  });
});
