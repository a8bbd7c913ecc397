import { readdir, readFile } from 'node:fs/promises';

import { expect } from 'chai';

import { anonymousNetns } from '../../src/testing/index.ts';
import type { Netns } from '../../src/types/netns.ts';
import { ask, run } from '../support/enter.ts';

describe('the examples', () => {
  let netns: Netns;

  beforeEach(async () => {
    netns = await anonymousNetns();
  });

  afterEach(() => netns.close());

  /** What an example prints, line by line. */
  async function printed(name: string): Promise<unknown[]> {
    const program = new URL(`../../examples/${name}.mjs`, import.meta.url).pathname;
    const output = await run(netns, process.execPath, program);
    return output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  }

  it('links.mjs makes the links and addresses that ip(8) shows', async () => {
    expect(await printed('links')).to.deep.equal([
      { name: 'veth0', kind: 'veth', mtuBytes: 1400, alias: 'made by links.mjs', hasCarrier: true, counts: 'number' },
      { address: '192.0.2.1/24', isPermanent: true },
      { address: '2001:db8::1/64', isPermanent: false },
      { code: 'EEXIST', message: 'link.create veth0: link veth0 exists (EEXIST) [name]' },
    ]);

    const [veth0] = await ask(netns, 'ip address show dev veth0');
    expect(veth0).to.deep.include({ mtu: 1400, ifalias: 'made by links.mjs', link: 'veth1' });
    const [ipv4, ipv6] = veth0!['addr_info'] as Record<string, unknown>[];
    expect(ipv4).to.include({ local: '192.0.2.1', prefixlen: 24, broadcast: '192.0.2.255' });
    expect(ipv6!['valid_life_time']).to.be.within(86_000, 86_400);
  });

  it('routes.mjs spreads over two gateways, then leaves one, as ip(8) shows', async () => {
    expect(await printed('routes')).to.deep.equal([
      [
        { gateway: '192.0.2.2', weight: 3 },
        { gateway: '192.0.2.3', weight: 1 },
      ],
      { matched: '10.9.0.0/16', gateway: '192.0.2.4' },
      { destination: '10.0.0.0/8', type: 'blackhole' },
      { destination: '10.9.0.0/16', type: 'unicast' },
    ]);

    const rows = await ask(netns, 'ip route show proto 200');
    expect(rows.map(({ type, dst, gateway }) => ({ type, dst, gateway }))).to.deep.equal([
      { type: 'blackhole', dst: '10.0.0.0/8', gateway: undefined },
      { type: 'unicast', dst: '10.9.0.0/16', gateway: '192.0.2.4' },
    ]);
  });

  it('rules.mjs sends marked packets another way', async () => {
    expect(await printed('rules')).to.deep.equal([
      { priority: 1000, table: 100, mark: 1, action: 'lookup' },
      { priority: 1001, table: 0, action: 'prohibit' },
      { gateway: '192.0.2.2' },
      { gateway: '192.0.2.3', mark: 1 },
      { deleted: true },
    ]);

    const rows = (await ask(netns, 'ip rule show')).filter(({ priority }) => [1000, 1001].includes(Number(priority)));
    expect(rows).to.have.lengthOf(1);
    expect(rows[0]).to.include({ priority: 1001, action: 'prohibit', ipproto: 'tcp', dport: 25 });
  });

  it('monitor.mjs reports what comes and goes, in order', async () => {
    expect(await printed('monitor')).to.deep.equal([
      { change: 'new', link: 'veth1' },
      { change: 'new', link: 'veth0' },
      { change: 'new', address: '192.0.2.1/24', link: 'veth0' },
      { change: 'new', route: '10.9.0.0/16' },
      { change: 'delete', route: '10.9.0.0/16' },
      { change: 'delete', address: '192.0.2.1/24', link: 'veth0' },
      { change: 'delete', link: 'veth0' },
      { change: 'delete', link: 'veth1' },
    ]);
  });

  it('namespaces.mjs connects two namespaces', async () => {
    expect(await printed('namespaces')).to.deep.equal([
      { host: ['veth0'], inside: ['eth0'] },
      { peer: 'eth0', mac: '02:42:0a:00:00:07', hasCarrier: true },
      { gateway: '10.0.0.1' },
    ]);
  });

  it('neighbours.mjs makes the entries that ip(8) shows', async () => {
    const rows = (await printed('neighbours')) as Record<string, unknown>[];

    expect(rows).to.have.deep.members([
      { address: '192.0.2.7', mac: '02:00:00:00:00:08', state: 'reachable', isProxy: false },
      { address: '192.0.2.66', state: 'incomplete', isProxy: false },
      { address: '192.0.2.9', state: 'none', isProxy: true },
      { deleted: true },
    ]);
    const [proxy] = await ask(netns, 'ip neighbour show proxy');
    expect(proxy).to.include({ dst: '192.0.2.9', dev: 'veth0' });
  });

  it('bridge.mjs makes the bridge and the ports that bridge(8) shows', async () => {
    expect(await printed('bridge')).to.deep.equal([
      { ageingTimeMs: 60_000, forwardDelayMs: 4_000 },
      { name: 'veth0', isolated: true, learning: false },
      { name: 'veth1', isolated: true, learning: false },
    ]);

    const [port] = await ask(netns, 'bridge link show dev veth1');
    expect(port).to.include({ master: 'br0', isolated: true, learning: false });
  });

  it('batch.mjs adds and deletes 10,000 routes', async () => {
    expect(await printed('batch')).to.deep.equal([
      { added: 10_000, listed: 10_000 },
      { first: true, second: 'fulfilled' },
      { deleted: 10_000 },
    ]);
  });

  it('sysctls.mjs writes what /proc/sys shows', async () => {
    expect(await printed('sysctls')).to.deep.equal([
      { ip_forward: '1' },
      { rp_filter: '2' },
      {
        code: 'NOT_FOUND',
        message: 'sysctl net.ipv4.ip_forwards: this kernel or namespace has no such key (NOT_FOUND)',
      },
      { arp_ignore: '1' },
    ]);

    expect(await run(netns, 'cat', '/proc/sys/net/ipv4/conf/eth0.100/rp_filter')).to.equal('2\n');
  });

  it('are all tested here', async () => {
    const programs = await readdir(new URL('../../examples/', import.meta.url));
    const tested = await readFile(new URL(import.meta.url), 'utf8');

    expect(programs).to.have.lengthOf.above(9);
    for (const program of programs) expect(tested).to.include(`it('${program} `);
  });

  it('queueing.mjs gives a link the queueing discipline that tc(8) shows', async () => {
    expect(await printed('queueing')).to.deep.equal([{ kind: 'htb', defaultClass: 0x30, directPackets: 500 }]);

    const [htb] = (await ask(netns, 'tc qdisc show')).filter(({ kind }) => kind === 'htb');
    expect(htb).to.deep.include({ dev: 'veth0', root: true, handle: '1:' });
    expect(htb!['options']).to.include({ default: '0x30', direct_qlen: 500 });
  });

  it('conntrack.mjs shows, marks and forgets what conntrack(8) entered', async () => {
    const enter = (command: string): Promise<string> =>
      run(netns, 'conntrack', '-I', '-s', '192.0.2.1', '-d', '192.0.2.9', '-t', '100', ...command.split(' '));
    await enter('-p tcp --sport 1000 --dport 80 --state ESTABLISHED');
    await enter('-p udp --sport 1000 --dport 53 --dst-nat 10.0.0.9');

    const [marked, forgotten, ...connections] = (await printed('conntrack')).reverse();

    expect(connections).to.have.deep.members([
      { from: '192.0.2.1:1000', answeredBy: '192.0.2.9', port: 80, ipProtocol: 6, state: 'established' },
      { from: '192.0.2.1:1000', answeredBy: '10.0.0.9', port: 53, ipProtocol: 17 },
    ]);
    expect([forgotten, marked]).to.deep.equal([
      { marked: 1, withMark: 1 },
      { forgotten: 2, left: 0 },
    ]);
    expect((await run(netns, 'conntrack', '-C')).trim()).to.equal('0');
  });

  it('tun.mjs reads what is sent to it', async () => {
    expect(await printed('tun')).to.deep.equal([
      { from: '192.0.2.1', to: '192.0.2.2', port: 9, text: 'hello' },
      { kind: 'tun', mode: 'tun', persistent: false },
      { isThere: false },
    ]);
  });

  it('wireguard.mjs makes a link with a peer, or says that the kernel cannot', async () => {
    const lacking = { code: 'EOPNOTSUPP', message: 'link.create wg0: Unknown device type (EOPNOTSUPP)' };
    const made = { isOurs: true, listenPort: 51_820, allowedPrefixes: ['10.0.0.2/32', 'fd00::2/128'] };

    const [outcome] = await printed('wireguard');

    const links = await run(netns, 'ip', 'link', 'show');
    expect(outcome).to.deep.equal(links.includes('wg0') ? made : lacking);
  });

  it('netem.mjs makes a link slow, or says that the kernel cannot', async () => {
    const [outcome] = await printed('netem');

    const disciplines = await run(netns, 'tc', 'qdisc', 'show');
    expect(outcome).to.deep.equal(
      disciplines.includes('netem') ? { delayUs: 50_000, lossPercent: 0.5 } : { code: 'ENOENT' },
    );
  });

  it('ethtool.mjs asks a family of generic netlink', async () => {
    expect(await printed('ethtool')).to.deep.equal([
      { hasLink: false, receive: 1, transmit: 1 },
      { hasLink: true, receive: 1, transmit: 1 },
    ]);
  });
});
