import { expect } from 'chai';
import { parseDocument } from '../../../src/preset/document.ts';

const LEAF = {
  routerId: '10.0.0.1',
  containers: ['10.112.0.0/12', 'fd00:112::/48'],
  fleet: { hosts: 400, containersPerHost: 150 },
};
const bgp = (more: object): object => ({ asn: 65001, neighbors: [{ interface: 'eth1', peerGroup: 'HOSTS' }], ...more });
const groups = (input: object): Record<string, { ipv4?: object | undefined; ipv6?: object | undefined }> =>
  parseDocument(input, 'frr').model.bgp?.peerGroups ?? {};

describe('guards that the size of the cluster gives', () => {
  it('end the session of a host that announces twice what one may have, on the switch', () => {
    const input = {
      ...LEAF,
      bgp: bgp({ transit: true, peerGroups: { HOSTS: { remoteAs: 'external', towards: 'hosts' } } }),
    };

    expect(groups(input).HOSTS).to.deep.include({
      ipv4: { maximumPrefix: { limit: 300, restartMin: 5 } },
      ipv6: { maximumPrefix: { limit: 300, restartMin: 5 } },
    });
  });

  it('yield to what the document says', () => {
    const HOSTS = { remoteAs: 'external', towards: 'hosts', ipv4: { maximumPrefix: { limit: 77 } } };

    expect(groups({ ...LEAF, bgp: bgp({ transit: true, peerGroups: { HOSTS } }) }).HOSTS?.ipv4).to.deep.equal({
      maximumPrefix: { limit: 77, restartMin: 5 },
    });
  });

  it('warn a host of more than twice what all have together, and never of fewer than 50,000', () => {
    const host = { preset: 'bgp-unnumbered', ...LEAF, interfaces: { eth1: {} }, bgp: { asn: 65001 } };

    expect(groups(host).FABRIC?.ipv4).to.deep.equal({ maximumPrefix: { limit: 120_000, warningOnly: true } });
    expect(groups({ ...host, fleet: { hosts: 2, containersPerHost: 5 } }).FABRIC?.ipv4).to.deep.equal({
      maximumPrefix: { limit: 50_000, warningOnly: true },
    });
  });

  it('are refused on a host, and without a number', () => {
    const { fleet, ...unsized } = LEAF;
    const HOSTS = { remoteAs: 'external', towards: 'hosts' };

    expect(fleet.hosts).to.equal(400);
    expect(() => groups({ ...LEAF, bgp: bgp({ peerGroups: { HOSTS } }) })).to.throw(/towards: is for a switch/);
    expect(() => groups({ ...unsized, bgp: bgp({ transit: true, peerGroups: { HOSTS } }) })).to.throw(
      /towards: needs fleet\.containersPerHost/,
    );
  });
});
