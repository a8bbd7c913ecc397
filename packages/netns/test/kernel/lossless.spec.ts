import { execFileSync } from 'node:child_process';

import { expect } from 'chai';

const PROGRAM = new URL('../support/report.mjs', import.meta.url).pathname;

type Row = Readonly<Record<string, unknown>>;

/** What the library lists in a namespace that `ip` has made with these lines. */
function listed(lines: readonly string[], service: string, filter: object): Row[] {
  const args = ['-n', process.execPath, PROGRAM, JSON.stringify(lines), service, JSON.stringify(filter)];
  return JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' })) as Row[];
}

describe('what others put into the kernel is shown in full', () => {
  it('rules: inversion, masks, users, ports, suppression', () => {
    const lines = [
      'rule add priority 5 not fwmark 0x1/0xff uidrange 0-99 ipproto tcp dport 80 table 77 suppress_prefixlength 0',
      'rule add priority 6 from 10.0.0.0/8 iif nowhere table 77',
      'rule add priority 7 tos 0x10 sport 1000-2000 tun_id 99 table 77 suppress_ifgroup 3',
      '-6 rule add priority 8 goto 32766',
      '-6 rule add priority 9 l3mdev',
    ];

    const rows = listed(lines, 'rules', {}).filter(({ priority }) => Number(priority) > 0 && Number(priority) < 10);

    const common = { family: 4, table: 77, action: 'lookup', protocol: 0 };
    expect(rows).to.deep.equal([
      {
        ...common,
        priority: 5,
        isInverted: true,
        mark: 1,
        markMask: 0xff,
        uidRange: { first: 0, last: 99 },
        ipProtocol: 6,
        destinationPorts: { first: 80, last: 80 },
        suppressPrefixLength: 0,
      },
      { ...common, priority: 6, source: '10.0.0.0/8', inputLink: 'nowhere', isInactive: true },
      {
        ...common,
        priority: 7,
        typeOfService: 16,
        sourcePorts: { first: 1000, last: 2000 },
        tunnelId: 99,
        suppressGroup: 3,
      },
      { family: 6, table: 0, action: 'goto', protocol: 0, priority: 8, gotoPriority: 32_766 },
      { family: 6, table: 0, action: 'lookup', protocol: 0, priority: 9, isL3mdev: true },
    ]);
  });

  it('routes: metrics, encapsulation, source prefixes, next hops', () => {
    const lines = [
      'link set lo up',
      'address add 10.0.0.1/24 dev lo',
      'route add 10.1.0.0/16 dev lo mtu 1400 advmss 1300 initcwnd 20 tos 0x10',
      'route add 10.2.0.0/16 encap ip id 7 dst 10.0.0.9 dev lo',
      'route add 10.3.0.0/16 nexthop via 10.0.0.2 dev lo weight 3 nexthop encap ip id 8 dst 10.0.0.9 via 10.0.0.4 dev lo',
      'nexthop add id 5 via 10.0.0.3 dev lo',
      'route add 10.4.0.0/16 nhid 5',
      'route add 10.5.0.0/16 dev lo scope 50',
      'link add a0 type veth peer name b0',
      'link set a0 up',
      '-6 route add fd01::/64 from fd02::/64 via fe80::9 dev a0 mtu 1400 pref high expires 1000',
    ];
    const rows = (family: number): Map<unknown, Row> =>
      new Map(listed(lines, 'routes', { family, table: 254 }).map((row) => [row['destination'], row]));

    const ipv4 = rows(4);
    expect(ipv4.get('10.1.0.0/16')).to.include({ mtuBytes: 1400, maxSegmentBytes: 1300, typeOfService: 16 });
    expect(ipv4.get('10.1.0.0/16')?.['unknown']).to.deep.equal([{ name: 'RTAX_INITCWND', hex: '14000000' }]);
    expect(ipv4.get('10.2.0.0/16')).to.not.have.property('unknown');
    expect(ipv4.get('10.2.0.0/16')?.['encapsulation']).to.include({ kind: 'ip', destination: '10.0.0.9' });
    const hops = ipv4.get('10.3.0.0/16')?.['nextHops'] as Row[];
    expect(hops[0]).to.include({ gateway: '10.0.0.2', weight: 3 }).and.not.to.have.property('unknown');
    expect(hops[1]?.['encapsulation']).to.include({ kind: 'ip', destination: '10.0.0.9' });
    expect(hops[1]).to.not.have.property('unknown');
    expect(ipv4.get('10.4.0.0/16')).to.include({ nextHopId: 5, gateway: '10.0.0.3' });
    expect(ipv4.get('10.5.0.0/16')?.['unknown']).to.deep.equal([{ name: 'rtm_scope', hex: '32' }]);
    const ipv6 = rows(6).get('fd01::/64');
    expect(ipv6).to.include({ sourcePrefix: 'fd02::/64', mtuBytes: 1400, preference: 'high' });
    expect(ipv6?.['expiresInSec']).to.be.within(990, 1000);
  });

  it('addresses: lifetimes, broadcast, metric, temporary ones', () => {
    const lines = [
      'link add a0 type veth peer name b0',
      'link set a0 up',
      'link set b0 up',
      'address add 10.0.0.1/24 broadcast 10.0.0.255 metric 77 valid_lft 1000 preferred_lft 500 dev a0',
      'address add 10.0.0.2/24 dev a0',
      'address add fd00::1/64 nodad mngtmpaddr valid_lft 1000 preferred_lft 500 dev a0',
    ];
    const rows = listed(lines, 'addresses', {});
    const find = (address: string): Row | undefined => rows.find((row) => row['address'] === address);

    expect(find('10.0.0.1/24')).to.include({ broadcast: '10.0.0.255', routeMetric: 77, isSecondary: false });
    expect(find('10.0.0.1/24')?.['validSec']).to.be.within(990, 1000);
    expect(find('10.0.0.1/24')?.['preferredSec']).to.be.within(490, 500);
    expect(find('10.0.0.2/24')).to.include({ isSecondary: true }).and.not.to.have.property('validSec');
    expect(find('fd00::1/64')).to.include({ managesTemporary: true, isSecondary: false });
    expect(find('fd00::1/64')?.['validSec']).to.be.within(990, 1000);
  });
});
