import { expect } from 'chai';

import { openConntrack } from '../../src/conntrack.ts';
import { createNamedNetns, deleteNamedNetns, follow, listNamedNetns, openMonitor } from '../../src/index.ts';
import { genericFamily, openNetlink } from '../../src/netlink.ts';
import { isNetlinkError } from '../../src/errors.ts';
import {
  type FilterKinds,
  type FilterSpec,
  openTrafficControl,
  type QdiscKinds,
  type QdiscSpec,
} from '../../src/tc.ts';
import { anonymousNetns, fakeKernel } from '../../src/testing/index.ts';
import { openTun } from '../../src/tun.ts';
import { generatePrivateKey, openWireguard, publicKeyOf } from '../../src/wireguard.ts';
import type { LinkKinds, NewLink } from '../../src/types/link-kinds.ts';
import type { Netns } from '../../src/types/netns.ts';
import type { Rtnl } from '../../src/types/rtnl.ts';
import { ask, run } from '../support/enter.ts';
import { eventOf } from '../support/until.ts';

/** A namespace with a pair of links that are up, one of which has an address. */
interface Place {
  readonly netns: Netns;
  readonly rtnl: Rtnl;
  readonly linkIndex: number;
}

/** `yes`: done by this kernel and seen by iproute2. `bytes`: this kernel lacks it; the unit tests compare what `ip` sends. */
type Verdict = 'yes' | 'bytes';

const KINDS: Readonly<Record<keyof LinkKinds, (lowerIndex: number) => NewLink>> = {
  bond: () => ({ kind: 'bond', name: 'x' }),
  bridge: () => ({ kind: 'bridge', name: 'x' }),
  dummy: () => ({ kind: 'dummy', name: 'x' }),
  gre: () => ({ kind: 'gre', name: 'x', local: '10.0.0.1', remote: '10.0.0.9' }),
  gretap: () => ({ kind: 'gretap', name: 'x', local: '10.0.0.1', remote: '10.0.0.9' }),
  ifb: () => ({ kind: 'ifb', name: 'x' }),
  ipip: () => ({ kind: 'ipip', name: 'x', local: '10.0.0.1', remote: '10.0.0.9' }),
  ipvlan: (lowerIndex) => ({ kind: 'ipvlan', name: 'x', lowerIndex }),
  macvlan: (lowerIndex) => ({ kind: 'macvlan', name: 'x', lowerIndex }),
  macvtap: (lowerIndex) => ({ kind: 'macvtap', name: 'x', lowerIndex }),
  netkit: () => ({ kind: 'netkit', name: 'x' }),
  sit: () => ({ kind: 'sit', name: 'x', local: '10.0.0.1', remote: '10.0.0.9' }),
  vlan: (lowerIndex) => ({ kind: 'vlan', name: 'x', lowerIndex, id: 7 }),
  vrf: () => ({ kind: 'vrf', name: 'x', table: 77 }),
  vxlan: () => ({ kind: 'vxlan', name: 'x', id: 7, destinationPort: 4789 }),
  wireguard: () => ({ kind: 'wireguard', name: 'x' }),
};

const QDISCS: Readonly<Record<keyof QdiscKinds, (linkIndex: number) => QdiscSpec>> = {
  bfifo: (linkIndex) => ({ kind: 'bfifo', linkIndex, limitBytes: 7000 }),
  clsact: (linkIndex) => ({ kind: 'clsact', linkIndex }),
  fq: (linkIndex) => ({ kind: 'fq', linkIndex }),
  fq_codel: (linkIndex) => ({ kind: 'fq_codel', linkIndex }),
  htb: (linkIndex) => ({ kind: 'htb', linkIndex }),
  ingress: (linkIndex) => ({ kind: 'ingress', linkIndex }),
  netem: (linkIndex) => ({ kind: 'netem', linkIndex, delayUs: 1000 }),
  pfifo: (linkIndex) => ({ kind: 'pfifo', linkIndex, limitPackets: 7 }),
  tbf: (linkIndex) => ({ kind: 'tbf', linkIndex, rateBitsPerSec: 8_000_000, burstBytes: 32_000, limitBytes: 64_000 }),
};

const FILTERS: Readonly<Record<keyof FilterKinds, object>> = {
  bpf: { kind: 'bpf', bytecode: Uint8Array.of(6, 0, 0, 0, 255, 255, 255, 255) },
  flower: { kind: 'flower', protocol: 'ip', source: '10.0.0.0/8' },
  matchall: { kind: 'matchall' },
  u32: { kind: 'u32', keys: [{ offset: 0, value: 0, mask: 0 }] },
};

async function shows(netns: Netns, command: string, wanted: object): Promise<Verdict> {
  const rows = await ask(netns, command);
  expect(
    rows.some((row) => Object.entries(wanted).every(([name, value]) => row[name] === value)),
    command,
  ).to.equal(true);
  return 'yes';
}

/** What a kernel without the feature answers. */
async function unlessLacking(done: Promise<unknown>, seen: () => Promise<Verdict>): Promise<Verdict> {
  try {
    await done;
  } catch (error) {
    if (isNetlinkError(error, 'EOPNOTSUPP')) return 'bytes';
    // Of queueing disciplines and filters.
    if (isNetlinkError(error, 'ENOENT') && /kind is unknown|not found/.test(error.message)) return 'bytes';
    throw error;
  }
  return seen();
}

const FEATURES: Readonly<Record<string, (place: Place) => Promise<Verdict>>> = {
  'veth, peer born in a namespace': async ({ rtnl }) => {
    await using there = await anonymousNetns();
    await rtnl.links.createVeth({ name: 'x', peer: { name: 'y', netns: there } });
    return await shows(there, 'ip link show', { ifname: 'y' });
  },
  ...Object.fromEntries(
    Object.entries(KINDS).map(([kind, spec]) => [
      `link kind ${kind}`,
      ({ netns, rtnl, linkIndex }: Place) =>
        unlessLacking(rtnl.links.create(spec(linkIndex)), () => shows(netns, 'ip link show', { ifname: 'x' })),
    ]),
  ),
  'link statistics': async ({ rtnl, linkIndex }) => {
    expect((await rtnl.links.inspect({ index: linkIndex }))!.statistics!.txPackets).to.be.a('number');
    return 'yes';
  },
  'routes filtered by the kernel': async ({ rtnl, linkIndex }) => {
    await rtnl.routes.add({ destination: '10.9.0.0/16', linkIndex, table: 77, protocol: 200 });
    expect(await rtnl.routes.list({ family: 4, table: 77, protocol: 200, linkIndex })).to.have.length(1);
    return 'yes';
  },
  'several next hops (ECMP)': async ({ netns, rtnl, linkIndex }) => {
    const nextHops = [1, 2].map((weight) => ({ linkIndex, gateway: `10.0.0.${weight + 1}`, weight }));
    await rtnl.routes.add({ destination: '10.9.0.0/16', nextHops });
    expect((await ask(netns, 'ip route show 10.9.0.0/16'))[0]!['nexthops']).to.have.length(2);
    return 'yes';
  },
  'next-hop objects': async ({ netns, rtnl, linkIndex }) => {
    await rtnl.nextHops.add({ id: 7, linkIndex, gateway: '10.0.0.2' });
    return shows(netns, 'ip nexthop show', { id: 7, gateway: '10.0.0.2' });
  },
  'next-hop groups, resilient': async ({ netns, rtnl, linkIndex }) => {
    await rtnl.nextHops.add({ id: 7, linkIndex, gateway: '10.0.0.2' });
    await rtnl.nextHops.add({ id: 8, group: [{ id: 7 }], resilient: { buckets: 8 } });
    return shows(netns, 'ip nexthop show', { id: 8, type: 'resilient' });
  },
  'route MTU and metrics': async ({ netns, rtnl, linkIndex }) => {
    await rtnl.routes.add({ destination: '10.9.0.0/16', linkIndex, mtuBytes: 1400 });
    expect((await ask(netns, 'ip route show 10.9.0.0/16'))[0]!['metrics']).to.deep.equal([{ mtu: 1400 }]);
    return 'yes';
  },
  'route encapsulation ip': async ({ netns, rtnl, linkIndex }) => {
    const encapsulation = { kind: 'ip', id: 5, destination: '10.0.0.9' } as const;
    await rtnl.routes.add({ destination: '10.9.0.0/16', linkIndex, encapsulation });
    return shows(netns, 'ip route show 10.9.0.0/16', { encap: 'ip', id: 5 });
  },
  'route encapsulation MPLS': ({ netns, rtnl, linkIndex }) => {
    const encapsulation = { kind: 'mpls', labels: [100] } as const;
    const done = rtnl.routes.add({ destination: '10.9.0.0/16', linkIndex, gateway: '10.0.0.2', encapsulation });
    return unlessLacking(done, () => shows(netns, 'ip route show 10.9.0.0/16', { encap: 'mpls' }));
  },
  'route encapsulation SRv6': ({ netns, rtnl, linkIndex }) => {
    const encapsulation = { kind: 'seg6', mode: 'encap', segments: ['fd00::1'] } as const;
    const done = rtnl.routes.add({ destination: 'fd09::/64', linkIndex, encapsulation });
    return unlessLacking(done, () => shows(netns, 'ip -6 route show fd09::/64', { encap: 'seg6' }));
  },
  'rules: mask, uid range, suppress, ports': async ({ netns, rtnl }) => {
    const match = { mark: 1, markMask: 0xff, uidRange: { first: 0, last: 99 }, suppressPrefixLength: 0 };
    await rtnl.rules.add({ family: 4, priority: 77, table: 77, ...match, destinationPorts: { first: 80, last: 81 } });
    return shows(netns, 'ip rule show', { priority: 77, fwmark: '0x1', suppress_prefixlen: 0, dport_start: 80 });
  },
  neighbours: async ({ netns, rtnl, linkIndex }) => {
    await rtnl.neighbours.add({ linkIndex, address: '10.0.0.9', mac: '02:00:00:00:00:09' });
    return shows(netns, 'ip neigh show', { dst: '10.0.0.9', lladdr: '02:00:00:00:00:09' });
  },
  'proxy entries of neighbours': async ({ netns, rtnl, linkIndex }) => {
    await rtnl.neighbours.add({ linkIndex, address: '10.0.0.9', isProxy: true });
    return shows(netns, 'ip neigh show proxy', { dst: '10.0.0.9' });
  },
  'forwarding databases (FDB)': async ({ netns, rtnl }) => {
    const { index } = await rtnl.links.create({ kind: 'vxlan', name: 'x', id: 7, destinationPort: 4789 });
    await rtnl.fdb.add({ linkIndex: index, mac: '02:00:00:00:00:09', remote: '10.0.0.9' });
    return shows(netns, 'bridge fdb show', { mac: '02:00:00:00:00:09', dst: '10.0.0.9' });
  },
  'VLANs of bridge ports': async ({ netns, rtnl, linkIndex }) => {
    const { index } = await rtnl.links.createBridge({ name: 'x' });
    await rtnl.links.set({ index: linkIndex }, { masterIndex: index });
    const done = rtnl.bridgeVlans.add({ linkIndex, id: 7 });
    return unlessLacking(done, () => shows(netns, 'bridge vlan show', { ifname: 'a0' }));
  },
  'IPv6 lifetimes': async ({ netns, rtnl, linkIndex }) => {
    await rtnl.addresses.add({ linkIndex, address: 'fd00::7/64', validSec: 1000, preferredSec: 0 });
    expect(await run(netns, 'ip', '-6', 'address', 'show', 'a0')).to.match(/fd00::7\/64.*deprecated/);
    return 'yes';
  },
  'numbers of namespaces, read and set': async ({ netns, rtnl }) => {
    await using there = await anonymousNetns();
    await rtnl.namespaceIds.assign(there, 77);
    return await shows(netns, 'ip netns list-id', { nsid: 77 });
  },
  'tun and tap links': async ({ netns }) => {
    await using tap = await openTun({ mode: 'tap', name: 'x', netns });
    return await shows(netns, 'ip link show', { ifname: tap.name });
  },
  'WireGuard keys and peers': async ({ netns, rtnl }) => {
    await using wireguard = await openWireguard({ netns });
    await rtnl.links.create({ kind: 'wireguard', name: 'x' }).catch(() => undefined);
    const privateKey = generatePrivateKey();
    const done = wireguard.set({ name: 'x' }, { privateKey });
    return await unlessLacking(done, async () => {
      expect((await wireguard.get({ name: 'x' }))!.publicKey).to.equal(publicKeyOf(privateKey));
      return 'yes';
    });
  },
  'virtual functions (SR-IOV)': async ({ rtnl, linkIndex }) => {
    expect(await rtnl.virtualFunctions.list({ index: linkIndex })).to.deep.equal([]);
    const done = rtnl.virtualFunctions.set({ index: linkIndex }, 0, { trust: true });
    return await unlessLacking(done, () => Promise.resolve('yes'));
  },
  ...Object.fromEntries(
    Object.entries(QDISCS).map(([kind, spec]) => [
      `tc qdisc ${kind}`,
      async ({ netns, linkIndex }: Place) => {
        await using tc = await openTrafficControl({ netns });
        const done = tc.qdiscs.add(spec(linkIndex));
        return await unlessLacking(done, () => shows(netns, 'tc qdisc show dev a0', { kind }));
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(FILTERS).map(([kind, filter]) => [
      `tc filter ${kind}`,
      async ({ netns, linkIndex }: Place) => {
        await using tc = await openTrafficControl({ netns });
        await tc.qdiscs.add({ kind: 'clsact', linkIndex });
        const done = tc.filters.add({ ...filter, linkIndex, parent: 'ingress' } as FilterSpec);
        return await unlessLacking(done, () => shows(netns, 'tc filter show dev a0 ingress', { kind }));
      },
    ]),
  ),
  'connections tracked: list, count, flush by filter': async ({ netns }) => {
    await using conntrack = await openConntrack({ netns });
    const tuple = '-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 2';
    await run(netns, 'conntrack', '-I', '-t', '100', ...tuple.split(' '));
    expect(await conntrack.count()).to.equal(1);
    for await (const { original } of conntrack.list()) expect(original.sourcePort).to.equal(1);
    expect(await conntrack.flush({ source: '10.0.0.1' })).to.equal(1);
    return 'yes';
  },
  'namespaces by name: create, list': async () => {
    const name = `netns-features-${process.pid}`;
    await using netns = await createNamedNetns(name);
    try {
      expect((await listNamedNetns()).includes(name) && netns.identity !== '').to.equal(true);
      return await shows(netns, 'ip netns list', { name });
    } finally {
      await deleteNamedNetns(name);
    }
  },
  'ethtool (by generic netlink)': async ({ netns }) => {
    await using netlink = await openNetlink({ protocol: 'generic', netns });
    expect((await genericFamily(netlink, 'ethtool'))!.id).to.be.greaterThan(16);
    return 'yes';
  },
  'streaming dump': async ({ netns }) => {
    await using netlink = await openNetlink({ protocol: 'route', netns });
    const rows: number[] = [];
    for await (const { type } of netlink.dump({ type: 18, header: new Uint8Array(16) })) rows.push(type);
    expect(rows).to.deep.equal([16, 16, 16]);
    return 'yes';
  },
  'fake kernel for tests, without root': async () => {
    const kernel = fakeKernel();
    await kernel.links.createBridge({ name: 'x' });
    expect(await kernel.links.list()).to.have.length(2);
    return 'yes';
  },
  'monitor: link, address, route, rule, neighbour, netconf, traffic control': async ({ netns, rtnl }) => {
    await using monitor = await openMonitor({
      netns,
      groups: ['link', 'address', 'route', 'rule', 'neighbour', 'netconf', 'tc'],
    });
    const [seen] = await Promise.all([eventOf(monitor, 'link'), rtnl.links.createBridge({ name: 'x' })]);
    expect(seen).to.have.length(1);
    return 'yes';
  },
  'snapshot, then changes without a gap': async ({ netns, rtnl }) => {
    const steps = follow('link', { netns });
    const { value } = await steps.next();
    expect(value).to.have.property('rows').with.length(3);
    const [next] = await Promise.all([steps.next(), rtnl.links.createBridge({ name: 'x' })]);
    await steps.return();
    expect(next.value).to.include({ event: 'new' });
    return 'yes';
  },
  "the kernel's own words in errors": async ({ rtnl }) => {
    const error: unknown = await rtnl.nextHops.add({ id: 7, group: [{ id: 99 }] }).catch((reason: unknown) => reason);
    expect(error).to.have.property('kernelMessage').that.is.not.equal('');
    return 'yes';
  },
  'time-outs and AbortSignal': async ({ rtnl }) => {
    const within = rtnl.within({ timeoutMs: 60_000, signal: new AbortController().signal });
    expect(await within.links.list()).to.have.length(3);
    return 'yes';
  },
};

describe('the table of features', () => {
  const table: string[] = [];

  for (const [feature, check] of Object.entries(FEATURES)) {
    it(feature, async () => {
      await using netns = await anonymousNetns();
      await using rtnl = await netns.openRtnl();
      const { index: linkIndex, peerIndex } = await rtnl.links.createVeth({
        name: 'a0',
        isUp: true,
        peer: { name: 'b0' },
      });
      await rtnl.links.set({ index: peerIndex }, { isUp: true });
      await rtnl.addresses.add({ linkIndex, address: '10.0.0.1/24' });

      table.push(`${feature.padEnd(58)} ${await check({ netns, rtnl, linkIndex })}`);
    });
  }

  after(() => {
    process.stdout.write(`\n${table.join('\n')}\n\n`);
  });
});
