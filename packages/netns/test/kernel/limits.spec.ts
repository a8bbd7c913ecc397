import { expect } from 'chai';

import type { Netns } from '../../src/types/netns.ts';
import type { Rtnl } from '../../src/types/rtnl.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import { failure } from '../support/failure.ts';

describe('requests with an end', () => {
  let netns: Netns;
  let rtnl: Rtnl;

  beforeEach(async () => {
    netns = await anonymousNetns();
    rtnl = await netns.openRtnl({ lanes: 1 });
  });

  afterEach(async () => {
    await rtnl.close();
    await netns.close();
  });

  it('are done in time', async () => {
    const within = rtnl.within({ timeoutMs: 60_000, signal: new AbortController().signal });

    await within.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });

    expect(await within.links.list()).to.have.length(3);
    expect(await within.nextHops.list()).to.deep.equal([]);
    expect(await within.routes.get('10.0.0.1')).to.equal(undefined);
  });

  it('that are aborted while they wait for a socket are not sent', async () => {
    const end = new AbortController();
    const first = rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0' } });
    const second = rtnl.within({ signal: end.signal }).links.createVeth({ name: 'c0', peer: { name: 'd0' } });
    const outcome = failure(second);

    end.abort(new Error('changed my mind'));

    expect(await outcome).to.include({ code: 'ABORTED' });
    await first;
    expect((await rtnl.links.list()).map(({ name }) => name)).to.have.members(['lo', 'a0', 'b0']);
  });

  it('are refused when it is too late already, by every service', async () => {
    const within = rtnl.within({ signal: AbortSignal.abort() });

    const refusals = [
      within.links.list(),
      within.addresses.list(),
      within.routes.get('10.0.0.1'),
      within.neighbours.list(),
      within.rules.list(),
      within.nextHops.list(),
      within.fdb.list(),
      within.bridgeVlans.list(),
      within.namespaceIds.list(),
    ];

    for (const refusal of refusals) expect(await failure(refusal)).to.include({ code: 'ABORTED' });
    expect(await rtnl.links.list()).to.have.length(1);
  });

  it('are sysctls as well', async () => {
    const key = 'net.ipv4.ip_forward';

    await netns.writeSysctl(key, '1', { timeoutMs: 60_000 });

    expect(await netns.readSysctl(key, { signal: new AbortController().signal })).to.equal('1');
    const late = [
      netns.readSysctl(key, { signal: AbortSignal.abort() }),
      netns.writeSysctl(key, '0', { signal: AbortSignal.abort() }),
    ];
    for (const sysctl of late) expect(await failure(sysctl)).to.include({ name: 'NetnsError', code: 'ABORTED' });
    expect(await netns.readSysctl(key)).to.equal('1');
  });

  it('end after their time while another holds the socket', async () => {
    const { index: linkIndex } = await rtnl.links.createVeth({ name: 'a0', isUp: true, peer: { name: 'b0' } });
    const busy = rtnl.batch(({ routes }) =>
      Promise.all(
        Array.from({ length: 20_000 }, (_, i) =>
          routes.add({ destination: `10.${i >> 8}.${i & 255}.0/24`, linkIndex }),
        ),
      ),
    );
    await Promise.resolve();

    const late = await failure(rtnl.within({ timeoutMs: 1 }).links.list());

    expect(late).to.include({ code: 'ETIMEDOUT' });
    await busy;
    expect(await failure(Promise.resolve().then(() => rtnl.within({ timeout: 1 } as never)))).to.include({
      code: 'EINVAL',
    });
  });
});
