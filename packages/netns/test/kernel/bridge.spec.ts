import { expect } from 'chai';

import { anonymousNetns } from '../../src/testing/index.ts';
import type { Netns } from '../../src/types/netns.ts';
import type { Rtnl } from '../../src/types/rtnl.ts';
import { ask, run } from '../support/enter.ts';
import { failure } from '../support/failure.ts';
import { until } from '../support/until.ts';

const MAC = '02:00:00:00:00:09';
const OTHER = '02:00:00:00:00:0a';

/** `bridge fdb` is the oracle. */
describe('forwarding databases', () => {
  let netns: Netns;
  let rtnl: Rtnl;
  let port: number;
  let bridge: number;

  beforeEach(async () => {
    netns = await anonymousNetns();
    rtnl = await netns.openRtnl();
    bridge = (await rtnl.links.createBridge({ name: 'br0', isUp: true })).index;
    port = (await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } })).index;
    await rtnl.links.set({ index: port }, { masterIndex: bridge });
    await rtnl.links.configurePort({ index: port }, { kind: 'bridge', learning: false });
    // Without it the port has no carrier, which the bridge hears of a moment later, and forwards no more.
    await rtnl.links.set({ name: 'b0' }, { isUp: true });
    // A port that does not forward yet takes no dynamic entries: net/bridge/br_fdb.c `fdb_add_entry`.
    const forwards = async (): Promise<boolean> =>
      (await ask(netns, 'bridge link show'))[0]?.['state'] === 'forwarding';
    await until(forwards, 'the port forwards');
  });

  afterEach(async () => {
    await rtnl.close();
    await netns.close();
  });

  const shown = async (mac: string): Promise<Record<string, unknown>[]> =>
    (await ask(netns, 'bridge fdb show')).filter((entry) => entry['mac'] === mac);

  it('of a bridge get, change and lose entries', async () => {
    await rtnl.fdb.add({ linkIndex: port, mac: MAC, isMaster: true, state: 'static', isSticky: true });
    const [added] = await shown(MAC);
    await rtnl.fdb.replace({ linkIndex: port, mac: MAC, isMaster: true, state: 'dynamic' });
    await rtnl.fdb.add({ linkIndex: port, mac: OTHER, isMaster: true, state: 'dynamic', isExternallyLearnt: true });
    const [replaced] = await shown(MAC);
    const [listed] = (await rtnl.fdb.list({ masterIndex: bridge })).filter(({ mac }) => mac === MAC);

    expect(added).to.deep.include({ ifname: 'a0', master: 'br0', state: 'static', flags: ['sticky'] });
    expect(replaced).to.deep.include({ flags: [], state: '' });
    expect((await shown(OTHER))[0]).to.deep.include({ flags: ['extern_learn'] });
    expect(listed).to.include({ linkIndex: port, masterIndex: bridge, isMaster: true, state: 'dynamic' });
    expect(listed).to.include({ isExternallyLearnt: false, isSticky: false });
    const other = (await rtnl.fdb.list()).find(({ mac }) => mac === OTHER);
    expect(other).to.include({ isExternallyLearnt: true });
    expect(await rtnl.fdb.delete(listed!)).to.equal(true);
    expect(await rtnl.fdb.delete(listed!)).to.equal(false);
    expect(await shown(MAC)).to.deep.equal([]);
  });

  it('are listed as bridge(8) shows them', async () => {
    await run(netns, 'bridge', ...`fdb add ${MAC} dev a0 master static`.split(' '));
    const names = new Map((await rtnl.links.list()).map(({ index, name }) => [index, name]));

    const ours = (await rtnl.fdb.list()).map((entry) => [entry.mac, names.get(entry.linkIndex), entry.state]);
    const theirs = await ask(netns, 'bridge fdb show');

    expect(ours).to.deep.equal(theirs.map(({ mac, ifname, state }) => [mac, ifname, state]));
    expect((await rtnl.fdb.list({ linkIndex: port })).every(({ linkIndex }) => linkIndex === port)).to.equal(true);
  });

  it('of VXLAN send frames to one end, to several, and to a next-hop object', async () => {
    const { index: linkIndex } = await rtnl.links.create({ kind: 'vxlan', name: 'vx0', id: 7, destinationPort: 4789 });
    const everything = '00:00:00:00:00:00';

    await rtnl.fdb.append({ linkIndex, mac: everything, remote: '192.0.2.1' });
    await rtnl.fdb.append({ linkIndex, mac: everything, remote: '192.0.2.2', port: 4790, vni: 9, viaIndex: port });
    await rtnl.nextHops.add({ id: 1, gateway: '192.0.2.3', isFdb: true });
    await rtnl.nextHops.add({ id: 2, group: [{ id: 1 }], isFdb: true });
    await rtnl.fdb.add({ linkIndex, mac: MAC, nextHopId: 2 });

    const [first, second] = await shown(everything);
    expect(first).to.include({ dst: '192.0.2.1' });
    expect(second).to.include({ dst: '192.0.2.2', port: 4790, vni: 9, viaIf: 'a0' });
    expect((await shown(MAC))[0]).to.include({ nhid: 2 });
    const entries = await rtnl.fdb.list({ linkIndex });
    expect(entries.map(({ remote, nextHopId }) => remote ?? nextHopId)).to.have.members(['192.0.2.1', '192.0.2.2', 2]);
    expect(entries.every(({ unknown }) => unknown === undefined)).to.equal(true);
    const remote = { linkIndex, mac: everything, remote: '192.0.2.2', port: 4790, vni: 9, viaIndex: port };
    expect(await rtnl.fdb.delete(remote)).to.equal(true);
    expect(await shown(everything)).to.have.length(1);
  });

  it('refuse what is there, what is not, and what they do not understand', async () => {
    const entry = { linkIndex: port, mac: MAC, isMaster: true, state: 'static' } as const;
    await rtnl.fdb.add(entry);

    expect(await failure(rtnl.fdb.add(entry))).to.include({ code: 'EEXIST' });
    expect(await failure(rtnl.fdb.add({ ...entry, linkIndex: 4711 }))).to.include({ code: 'ENODEV' });
    expect(await failure(rtnl.fdb.add({ ...entry, vlna: 7 } as never))).to.include({ attribute: 'vlna' });
    expect(await failure(rtnl.fdb.add({ ...entry, mac: 'x' }))).to.include({ code: 'EINVAL', attribute: 'mac' });
    expect(await rtnl.fdb.delete({ ...entry, linkIndex: 4711 })).to.equal(false);
    expect(await rtnl.fdb.list({ linkIndex: 4711 })).to.deep.equal([]);
  });

  it('VLANs are refused by a kernel that has none, and none are listed', async () => {
    const vlan = rtnl.bridgeVlans.add({ linkIndex: port, id: 7 });
    const isThere = (await run(netns, 'bridge', 'vlan', 'show')).includes('a0');

    if (isThere) await vlan;
    else expect(await failure(vlan)).to.include({ code: 'EOPNOTSUPP' });
    const listed = (await rtnl.bridgeVlans.list()).filter(({ linkIndex, id }) => linkIndex === port && id === 7);
    expect(listed).to.have.length(isThere ? 1 : 0);
    expect(await failure(rtnl.bridgeVlans.add({ linkIndex: port, id: 4095 }))).to.include({ attribute: 'id' });
  });
});
