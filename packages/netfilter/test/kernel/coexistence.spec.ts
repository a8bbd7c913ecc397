import { expect } from 'chai';
import {
  createForwardAcceptance,
  type EndpointFilters,
  type ForwardAcceptance,
  parseAllowList,
} from '../../src/index.ts';
import type { ProgramNamespace } from '../support/namespace.ts';
import { connect, type FilterStage, LINK, openFilterStage, RULES } from '../support/stage.ts';

const own = '10.1.0.2';

/** The chains that sites made for the Go plugin: what is listed there may enter, the rest is refused. */
const SITE_RULES = [
  'iptables -N CONTAINER-REJECT',
  'iptables -A CONTAINER-REJECT -p tcp -j REJECT --reject-with tcp-reset',
  'iptables -A CONTAINER-REJECT -j REJECT',
  'iptables -N CONTAINERS',
  'iptables -A CONTAINERS -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  `iptables -A CONTAINERS -d ${own} -p tcp --dport 80 -j ACCEPT`,
  'iptables -A CONTAINERS -j CONTAINER-REJECT',
  'iptables -A FORWARD -o vethr+ -j CONTAINERS',
].join('; ');

/** What ufw 0.36 makes of FORWARD, in order. Source: ufw, /lib/ufw/ufw-init-functions. */
const UFW_CHAINS = ['before-logging', 'before', 'after', 'after-logging', 'reject', 'track'].map(
  (part) => `ufw-${part}-forward`,
);
const UFW_RULES = [
  ...UFW_CHAINS.map((chain) => `iptables -N ${chain}; iptables -A FORWARD -j ${chain}`),
  'iptables -A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
].join('; ');

describe("filters beside others' rules", () => {
  let stage: FilterStage;
  let filters: EndpointFilters;
  let acceptance: ForwardAcceptance;

  before(async function () {
    this.timeout(20_000);
    stage = await openFilterStage();
    const run: ProgramNamespace['run'] = (argv, input) => stage.host.run(argv, input);
    filters = stage.filters;
    acceptance = createForwardAcceptance({ run, uplinks: () => Promise.resolve(['eth0']) }, RULES);
    for (const port of [80, 81]) await stage.serve(stage.one, port);
  });
  after(() => stage.close());
  beforeEach(() => stage.host.sh('iptables -P FORWARD DROP'));
  afterEach(async () => {
    await filters.clear();
    await acceptance.remove();
    await stage.host.sh('iptables -F; iptables -X; iptables -P FORWARD ACCEPT; nft flush ruleset');
  });

  const allow = (list: string): Promise<void> =>
    filters.set({ link: LINK, addresses: [own], ingress: parseAllowList(list), spoof: 'strict' });
  const outcome = async (port: number): Promise<string> => (await connect(stage.client, own, port)).outcome;

  it('refuse fast also where the policy would drop silently', async () => {
    await acceptance.ensure();
    await allow('10.9.0.0/16:80');

    expect(await outcome(80)).to.equal('connected');
    expect(await outcome(81)).to.equal('reset');
  });

  it("do not overrule an operator's rules: both have to agree", async () => {
    await acceptance.ensure();
    await stage.host.sh('iptables -I FORWARD -p tcp --dport 81 -j DROP');
    await allow('10.9.0.0/16');

    expect(await outcome(80)).to.equal('connected');
    expect(await outcome(81)).to.equal('silence');
  });

  it('leave the chains CONTAINERS and CONTAINER-REJECT of a site in force', async () => {
    await stage.host.sh(SITE_RULES);
    const site = await stage.host.sh('iptables -S CONTAINERS; iptables -S CONTAINER-REJECT');

    await acceptance.ensure();
    expect(await outcome(80)).to.equal('connected');
    expect(await outcome(81)).to.equal('reset');
    await allow('10.9.0.9');
    expect(await outcome(80)).to.equal('reset');
    await filters.remove(LINK);
    await acceptance.remove();

    expect(await stage.host.sh('iptables -S CONTAINERS; iptables -S CONTAINER-REJECT')).to.equal(site);
  });

  it('are reached where ufw denies routed packets, which is its default, and say so where it rejects them', async () => {
    await stage.host.sh(UFW_RULES);
    await acceptance.ensure();
    expect(await outcome(80)).to.equal('connected');

    await stage.host.sh('iptables -A ufw-reject-forward -j REJECT');

    expect(await acceptance.ensure()).to.equal('overruled by ufw');
    expect(await outcome(80)).to.not.equal('connected');

    await stage.host.sh('iptables -F ufw-reject-forward');
    expect(await acceptance.ensure()).to.equal('present');
  });

  it('survive a reload of the firewall as firewalld and Docker do it', async () => {
    await acceptance.ensure();
    await allow('10.9.0.9');

    await stage.host.sh('iptables -F; ip6tables -F; nft add table inet firewalld; nft delete table inet firewalld');

    expect(await outcome(80)).to.equal('reset');
    expect(await filters.ensure()).to.equal('present');
  });
});
