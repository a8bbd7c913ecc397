import { expect } from 'chai';

import { anonymousNetns } from '../../src/testing/index.ts';
import type { NewLink } from '../../src/types/link-kinds.ts';
import type { Netns } from '../../src/types/netns.ts';
import type { Rtnl } from '../../src/types/rtnl.ts';
import { ask, run } from '../support/enter.ts';
import { failure } from '../support/failure.ts';

interface Shown {
  readonly linkinfo: { readonly info_kind: string; readonly info_data: Record<string, unknown> };
}

/** `iproute2` is the oracle: what we create it shows, and what it creates we show. */
describe('kinds of links', () => {
  let netns: Netns;
  let rtnl: Rtnl;

  beforeEach(async () => {
    netns = await anonymousNetns();
    rtnl = await netns.openRtnl();
    await rtnl.links.createVeth({ name: 'below', peer: { name: 'other' } });
  });

  afterEach(async () => {
    await rtnl.close();
    await netns.close();
  });

  const ip = async (line: string): Promise<string> => run(netns, 'ip', ...line.split(' '));

  /** What ip(8) says of a link that we created. */
  async function shown(spec: NewLink): Promise<Shown['linkinfo']['info_data']> {
    await rtnl.links.create(spec);
    const [link] = (await ask(netns, `ip link show ${spec.name}`)) as unknown as Shown[];
    expect(link!.linkinfo.info_kind).to.equal(spec.kind);
    return link!.linkinfo.info_data;
  }

  /** What we say of a link that ip(8) created. */
  async function inspected(line: string): Promise<Record<string, unknown>> {
    await ip(`link add x ${line}`);
    return (await rtnl.links.inspect({ name: 'x' }))!.settings as unknown as Record<string, unknown>;
  }

  async function indexOf(name: string): Promise<number> {
    return (await rtnl.links.get({ name }))!.index;
  }

  it('macvlan and macvtap are created as asked for', async () => {
    const lowerIndex = await indexOf('below');

    const macvlan = await shown({
      kind: 'macvlan',
      name: 'm0',
      lowerIndex,
      mode: 'private',
      isUp: true,
      mtuBytes: 1400,
    });
    const macvtap = await shown({ kind: 'macvtap', name: 'm1', lowerIndex, mode: 'bridge', broadcastQueueLength: 9 });

    expect(macvlan).to.include({ mode: 'private' });
    expect(macvtap).to.include({ mode: 'bridge', bcqueuelen: 9 });
    expect(await rtnl.links.get({ name: 'm0' })).to.include({ mtuBytes: 1400, isUp: true, peerIndex: lowerIndex });
  });

  it('macvlan is read as it is', async () => {
    expect(await inspected('link below type macvlan mode passthru nopromisc')).to.deep.include({
      kind: 'macvlan',
      mode: 'passthru',
      flags: { noPromiscuity: true, noDestination: false },
    });
  });

  it('vxlan is created as asked for', async () => {
    const lowerIndex = await indexOf('below');
    const numbers = { id: 77, ttl: 9, tos: 4, ageingSec: 60, maxAddresses: 100, destinationPort: 4789 };
    const flags = { learning: false, proxy: true, notifyL2Miss: true, routeShortCircuit: true, groupPolicy: true };
    const ends = { local: '10.0.0.1', remote: '239.0.0.1', lowerIndex, sourcePorts: { first: 1000, last: 2000 } };

    const data = await shown({ kind: 'vxlan', name: 'v0', ...numbers, ...flags, ...ends, udpChecksum: false });

    expect(data).to.include({ id: 77, ttl: 9, tos: '0x4', ageing: 60, limit: 100, port: 4789, link: 'below' });
    expect(data).to.include({ group: '239.0.0.1', local: '10.0.0.1', learning: false, proxy: true, l2miss: true });
    expect(data).to.include({ rsc: true, gbp: true, udp_csum: false });
    expect(data['port_range']).to.deep.equal({ low: 1000, high: 2000 });
  });

  it('vxlan is read as it is', async () => {
    const line = 'type vxlan id 5 remote fd00::2 local fd00::1 dstport 4790 udp6zerocsumtx udp6zerocsumrx df inherit';

    expect(await inspected(line)).to.deep.include({
      kind: 'vxlan',
      id: 5,
      remote: 'fd00::2',
      local: 'fd00::1',
      destinationPort: 4790,
      udp6ZeroChecksumTx: true,
      udp6ZeroChecksumRx: true,
      learning: true,
    });
  });

  it('ifb is created', async () => {
    await rtnl.links.create({ kind: 'ifb', name: 'i0' });

    expect(await rtnl.links.inspect({ name: 'i0' })).to.deep.include({ kind: 'ifb', settings: { kind: 'ifb' } });
  });

  it('bridge is created as asked for, and changed', async () => {
    const times = { forwardDelayMs: 4000, helloTimeMs: 1500, maxAgeMs: 9000, ageingTimeMs: 60_000 };
    const multicast = { multicastSnooping: false, queryIntervalMs: 60_000, igmpVersion: 3, mldVersion: 2 };

    const data = await shown({ kind: 'bridge', name: 'b0', priority: 99, ...times, ...multicast });
    await rtnl.links.configure({ name: 'b0' }, { kind: 'bridge', stp: 'kernel' });
    const [changed] = (await ask(netns, 'ip link show b0')) as unknown as Shown[];

    expect(data).to.include({ forward_delay: 400, hello_time: 150, max_age: 900, ageing_time: 6000, priority: 99 });
    expect(data).to.include({ mcast_snooping: 0, mcast_query_intvl: 6000 });
    expect(data).to.include({ mcast_igmp_version: 3, mcast_mld_version: 2 });
    expect(changed!.linkinfo.info_data).to.include({ stp_state: 1, priority: 99 });
  });

  it('bridge and its ports are read as they are, and ports are changed', async () => {
    expect(await inspected('type bridge mcast_router 2 group_fwd_mask 8 no_linklocal_learn 1')).to.deep.include({
      kind: 'bridge',
      multicastRouter: 'permanent',
      groupForwardMask: 8,
    });
    await ip('link set below master x');
    await ip('link set below type bridge_slave cost 55 hairpin on mcast_router 0');

    await rtnl.links.configurePort({ name: 'below' }, { kind: 'bridge', isolated: true, learning: false, priority: 5 });

    const [shown] = (await ask(netns, 'ip link show below')) as { linkinfo: { info_slave_data: object } }[];
    const { port, masterIndex } = (await rtnl.links.inspect({ name: 'below' }))!;
    expect(shown!.linkinfo.info_slave_data).to.include({ isolated: true, learning: false, cost: 55, hairpin: true });
    expect(port).to.include({ kind: 'bridge', isolated: true, learning: false, cost: 55, hairpin: true, priority: 5 });
    expect(port).to.include({ multicastRouter: 'disabled', state: 'disabled' });
    expect(masterIndex).to.equal(await indexOf('x'));
  });

  it('everything else about a link is shown as ip(8) shows it', async () => {
    await ip('link property add dev below altname a-name-of-more-than-fifteen-bytes');
    await ip('link set below up');
    await ip('link set other up');

    const [link] = (await ask(netns, 'ip -stats link show below')) as unknown as [Record<string, number>];
    const details = (await rtnl.links.inspect({ name: 'below' }))!;

    expect(details).to.deep.include({ altNames: ['a-name-of-more-than-fifteen-bytes'], kind: 'veth' });
    expect(details).to.include({ minMtuBytes: link['min_mtu'], maxMtuBytes: link['max_mtu'] });
    expect(details).to.include({ txQueues: link['num_tx_queues'], rxQueues: link['num_rx_queues'] });
    expect(details).to.include({ gsoMaxBytes: link['gso_max_size'], tsoMaxBytes: link['tso_max_size'] });
    expect(details).to.include({ broadcastMac: link['broadcast'], promiscuity: link['promiscuity'] });
    expect(details.carrierChanges).to.be.greaterThan(0);
    expect(details.statistics!.txPackets).to.be.a('number');
    expect(details.settings).to.equal(undefined);
  });

  it('counters count', async () => {
    await ip('link set below up');
    await ip('link set other up');
    await ip('address add 10.0.0.1/24 dev below');
    await ip('neighbour add 10.0.0.2 lladdr 02:00:00:00:00:01 dev below');
    const before = (await rtnl.links.inspect({ name: 'below' }))!.statistics!;

    await run(netns, 'ping', '-c', '3', '-i', '0.01', '-W', '0.01', '-s', '100', '10.0.0.2').catch(() => undefined);

    const after = (await rtnl.links.inspect({ name: 'below' }))!.statistics!;
    expect(after.txPackets - before.txPackets).to.be.within(3, 20);
    expect(after.txBytes - before.txBytes).to.be.greaterThan(3 * 142 - 1);
  });

  it('refuses what it does not understand before anything is sent', async () => {
    const { links } = rtnl;
    const lowerIndex = await indexOf('below');

    const kind = await failure(links.create({ kind: 'vlam', name: 'x' } as never));
    const typo = await failure(links.create({ kind: 'macvlan', name: 'x', lowerIndex, mod: 'bridge' } as never));
    const range = await failure(links.create({ kind: 'vlan', name: 'x', lowerIndex, id: 4095 }));
    const missing = await failure(links.create({ kind: 'vlan', name: 'x', lowerIndex } as never));
    const common = await failure(links.create({ kind: 'ifb', name: 'x', mtu: 1400 } as never));
    const port = await failure(links.configurePort({ name: 'below' }, { kind: 'bridge', isolatd: true } as never));

    expect(kind).to.include({ code: 'EINVAL', attribute: 'kind' });
    expect(typo.message).to.include('did you mean mode?');
    expect(range).to.include({ code: 'EINVAL', attribute: 'id' });
    expect(missing.message).to.include('id is missing');
    expect(common.message).to.include('did you mean mtuBytes?');
    expect(port.message).to.include('did you mean isolated?');
    expect(await links.get({ name: 'x' })).to.equal(undefined);
  });

  it('says what the kernel says of a kind that it lacks, of a name that is taken, and of a link that is not there', async () => {
    const taken = await failure(rtnl.links.create({ kind: 'ifb', name: 'below' }));
    const absent = await failure(rtnl.links.configure({ name: 'nowhere' }, { kind: 'bridge', stp: 'off' }));
    const alien = await failure(rtnl.links.configurePort({ name: 'below' }, { kind: 'bridge', cost: 1 }));

    expect(taken.message).to.include('link below exists (EEXIST)');
    expect(absent).to.include({ code: 'ENODEV' });
    expect(alien).to.include({ code: 'EOPNOTSUPP' });
    expect(await rtnl.links.inspect({ name: 'nowhere' })).to.equal(undefined);
  });
});
