import { execFileSync } from 'node:child_process';

import { expect } from 'chai';

import {
  asText,
  asU32,
  attributeSet,
  genericFamilies,
  genericFamily,
  genericHeader,
  openNetlink,
  openNetlinkMonitor,
} from '../../src/netlink.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import type { Netns } from '../../src/types/netns.ts';
import { failure } from '../support/failure.ts';
import { until } from '../support/until.ts';

const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const IFINFOMSG_LENGTH = 16;
const RTNLGRP_LINK = 1;
const LINK = attributeSet<{ readonly name?: string; readonly mtuBytes?: number }>({
  name: [3, asText],
  mtuBytes: [4, asU32],
});

function ifinfomsg(index = 0): Uint8Array {
  const header = new Uint8Array(IFINFOMSG_LENGTH);
  new DataView(header.buffer).setInt32(4, index, true);
  return header;
}

describe('netlink without a family in mind', () => {
  let netns: Netns;

  beforeEach(async () => {
    netns = await anonymousNetns();
  });

  afterEach(() => netns.close());

  async function withPairs(count: number): Promise<void> {
    await using rtnl = await netns.openRtnl();
    for (let i = 0; i < count; i++) await rtnl.links.createVeth({ name: `a${i}`, peer: { name: `b${i}` } });
  }

  it('returns what the kernel answers, and what it says of a fault', async () => {
    await withPairs(1);
    await using netlink = await openNetlink({ protocol: 'route', netns });

    const [link, ...others] = await netlink.request({ type: RTM_GETLINK, header: ifinfomsg(1) });
    const absent = await failure(netlink.request({ type: RTM_GETLINK, header: ifinfomsg(9), operation: 'link.get' }));
    const attributes = LINK.encode({ mtuBytes: 1 });
    const refused = await failure(netlink.request({ type: RTM_NEWLINK, header: ifinfomsg(2), attributes }));

    expect(others).to.deep.equal([]);
    expect(LINK.decode(link!.payload.subarray(IFINFOMSG_LENGTH)).name).to.equal('lo');
    expect(absent.message).to.match(/^link\.get type 18: .*\(ENODEV\)/);
    expect(refused).to.include({ code: 'EINVAL', kernelMessage: 'mtu less than device minimum' });
  });

  it('gives the rows of a dump as they come, also to loops within loops', async () => {
    await withPairs(40);
    await using netlink = await openNetlink({ protocol: 'route', netns });
    const request = { type: RTM_GETLINK, header: ifinfomsg() };
    const outer: string[] = [];
    let inner = 0;

    for await (const row of netlink.dump(request)) {
      outer.push(LINK.decode(row.payload.subarray(IFINFOMSG_LENGTH)).name ?? '');
      if (outer.length % 20 === 0)
        for await (const { type } of netlink.dump(request)) inner += type === RTM_NEWLINK ? 1 : 0;
    }

    expect(outer).to.have.length(81).and.to.include.members(['lo', 'a0', 'b39']);
    expect(inner).to.equal(4 * 81);
  });

  it('ends a dump with the loop, and leaves the connection as it was', async () => {
    await withPairs(100);
    await using netlink = await openNetlink({ protocol: 'route', netns });

    for (let round = 0; round < 5; round++) {
      for await (const { type } of netlink.dump({ type: RTM_GETLINK, header: ifinfomsg() })) {
        expect(type).to.equal(RTM_NEWLINK);
        break;
      }
      expect(await netlink.request({ type: RTM_GETLINK, header: ifinfomsg(1) })).to.have.length(1);
    }
  });

  it('throws after the rows when the kernel refuses a dump', async () => {
    await using netlink = await openNetlink({ protocol: 'route', netns });

    const rows = netlink.dump({ type: RTM_GETLINK, header: ifinfomsg(), attributes: LINK.encode({ mtuBytes: 9 }) });
    const refused = await failure(rows[Symbol.asyncIterator]().next());

    expect(refused).to.include({ code: 'EINVAL', name: 'NetlinkError' });
  });

  it('resolves families of generic netlink as genl(8) does', async () => {
    await using netlink = await openNetlink({ protocol: 'generic' });
    const listed = execFileSync('genl', ['ctrl', 'list'], { encoding: 'utf8' });
    const expected = [...listed.matchAll(/^Name: (\S+)\s+ID: (\S+)\s+Version: (\S+)/gm)].map(
      ([, name, id, version]) => [name, Number(id), Number(version)],
    );

    const families = await genericFamilies(netlink);
    const nlctrl = await genericFamily(netlink, 'nlctrl');

    expect(expected.length).to.be.greaterThan(3);
    expect(families.map(({ name, id, version }) => [name, id, version])).to.have.deep.members(expected);
    expect(nlctrl).to.deep.include({ id: 16, version: 2, headerBytes: 0 });
    expect(nlctrl!.groups.get('notify')).to.equal(16);
    expect(await genericFamily(netlink, 'no-such-family')).to.equal(undefined);
  });

  it('names the attribute at fault of a message that it does not know', async () => {
    await using netlink = await openNetlink({ protocol: 'generic', netns });
    const tooLong = attributeSet<{ readonly name: string }>({ name: [2, asText, 'required'] });
    const attributes = tooLong.encode({ name: 'x'.repeat(40) });

    const refused = await failure(netlink.request({ type: 16, header: genericHeader(3, 2), attributes }));

    expect(refused).to.include({ attribute: 'attribute 2' });
  });

  it('waits no longer than it may', async () => {
    await withPairs(40);
    await using netlink = await openNetlink({ protocol: 'route', netns });
    const request = { type: RTM_GETLINK, header: ifinfomsg(1) };
    const end = new AbortController();
    const rows = netlink.dump({ type: RTM_GETLINK, header: ifinfomsg() }, { signal: end.signal });
    const iterator = rows[Symbol.asyncIterator]();
    await iterator.next();

    const pending = failure(netlink.request(request, { signal: end.signal }));
    end.abort();

    expect(await pending).to.include({ code: 'ABORTED', operation: 'netlink.request' });
    expect(await failure(iterator.next())).to.include({ code: 'ABORTED' });
    expect(await failure(netlink.request(request, { timeoutMs: -1 }))).to.include({ code: 'EINVAL' });
    expect(await netlink.request(request, { timeoutMs: 60_000 })).to.have.length(1);
    let count = 0;
    const whole = netlink.dump({ type: RTM_GETLINK, header: ifinfomsg() }, { timeoutMs: 60_000 });
    for await (const { type } of whole) count += type === RTM_NEWLINK ? 1 : 0;
    expect(count).to.equal(81);
  });

  it('stops hearing when it is aborted', async () => {
    const end = new AbortController();
    const options = { protocol: 'route', netns, groups: [RTNLGRP_LINK], signal: end.signal } as const;
    const aborted = await openNetlinkMonitor(options);
    const other = await openNetlinkMonitor({ ...options, signal: new AbortController().signal });
    const heard = { aborted: 0, other: 0 };
    aborted.on('message', () => (heard.aborted += 1));
    other.on('message', () => (heard.other += 1));

    end.abort();
    await withPairs(1);
    await until(() => heard.other > 0, 'the other hears it');

    expect(heard.aborted).to.equal(0);
    expect(await failure(openNetlinkMonitor(options))).to.include({ code: 'ABORTED' });
    await other.close();
  });

  it('hears a multicast group', async () => {
    const heard: (string | undefined)[] = [];
    await using monitor = await openNetlinkMonitor({ protocol: 'route', netns, groups: [RTNLGRP_LINK] });
    monitor.on('message', ({ payload }) => heard.push(LINK.decode(payload.subarray(IFINFOMSG_LENGTH)).name));

    await withPairs(1);

    await until(() => heard.includes('a0') && heard.includes('b0'), 'both ends are reported');
  });

  it('refuses groups that there are not, and requests after the end', async () => {
    const netlink = await openNetlink({ protocol: 'generic', netns });
    await netlink.close();
    await netlink.close();

    const closed = await failure(netlink.request({ type: 16, header: genericHeader(3) }));
    const group = await failure(openNetlinkMonitor({ protocol: 'route', netns, groups: [1, 4000] }));
    const typo = await failure(openNetlink({ protocl: 'route' } as never));

    expect(closed).to.include({ code: 'CLOSED' });
    expect(group).to.include({ code: 'FAILED' });
    expect(group.message).to.include('netlink group 4000');
    expect(typo.message).to.include('did you mean protocol?');
  });
});
