import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';

import { expect } from 'chai';

import { createNamedNetns, deleteNamedNetns, listNamedNetns, openNetns } from '../../src/index.ts';
import { anonymousNetns } from '../../src/testing/index.ts';
import { ask, run } from '../support/enter.ts';
import { failure } from '../support/failure.ts';

const name = `routed-test-${process.pid}`;
const ip = (...args: string[]): string => execFileSync('ip', ['netns', ...args], { encoding: 'utf8' });

describe('namespaces by name', () => {
  afterEach(async () => {
    await deleteNamedNetns(name);
  });

  it('are those of ip netns', async () => {
    await using created = await createNamedNetns(name);
    await using opened = await openNetns({ name });

    expect(opened.identity).to.equal(created.identity);
    expect(created.identity).not.to.equal(await (await openNetns('current')).close().then(() => ''));
    expect(await listNamedNetns()).to.include(name);
    expect(ip('list')).to.match(new RegExp(`^${name}\\b`, 'm'));
    expect(ip('exec', name, 'ip', '-brief', 'link')).to.match(/^lo +DOWN/);
    ip('delete', name);
    expect(await listNamedNetns()).not.to.include(name);
  });

  it('that ip netns made are found and deleted', async () => {
    ip('add', name);

    await using opened = await openNetns({ name });
    await using rtnl = await opened.openRtnl();
    expect(await rtnl.links.list()).to.have.length(1);
    expect(await deleteNamedNetns(name)).to.equal(true);
    expect(await deleteNamedNetns(name)).to.equal(false);
    expect(ip('list')).not.to.include(name);
    // The handle keeps it alive.
    expect(await rtnl.links.list()).to.have.length(1);
  });

  it('are not made twice, and names are file names', async () => {
    await using first = await createNamedNetns(name);

    expect(await failure(createNamedNetns(name))).to.include({ code: 'FAILED' });
    await using again = await openNetns({ name });
    expect(again.identity).to.equal(first.identity);
    for (const wrong of ['', '.', '..', 'a/b', 'x'.repeat(256)]) {
      expect(await failure(createNamedNetns(wrong)), wrong).to.include({ code: 'INVALID_ARGUMENT' });
      expect(await failure(deleteNamedNetns(wrong)), wrong).to.include({ code: 'INVALID_ARGUMENT' });
      expect(await failure(openNetns({ name: wrong })), wrong).to.include({ code: 'INVALID_ARGUMENT' });
    }
    expect(await failure(openNetns({ name: `${name}-none` }))).to.include({ code: 'NOT_FOUND' });
  });

  it('that a failed creation left as a file can be deleted', async () => {
    (await createNamedNetns(name)).close().catch(() => undefined);
    await deleteNamedNetns(name);
    closeSync(openSync(`/run/netns/${name}`, 'wx'));

    expect(await deleteNamedNetns(name)).to.equal(true);
    expect(existsSync(`/run/netns/${name}`)).to.equal(false);
    rmSync(`/run/netns/${name}`, { force: true });
  });
});

describe('numbers of namespaces', () => {
  it('are given, read and listed as ip netns does', async () => {
    await using here = await anonymousNetns();
    await using one = await anonymousNetns();
    await using other = await anonymousNetns();
    await using rtnl = await here.openRtnl();

    expect(await rtnl.namespaceIds.get(one)).to.equal(undefined);
    expect(await rtnl.namespaceIds.assign(one, 77)).to.equal(77);
    const chosen = await rtnl.namespaceIds.assign(other);

    expect(await rtnl.namespaceIds.get(one)).to.equal(77);
    expect(await rtnl.namespaceIds.get(other)).to.equal(chosen);
    expect(await rtnl.namespaceIds.list()).to.have.members([77, chosen]);
    const shown = (await ask(here, 'ip netns list-id')).map(({ nsid }) => nsid);
    expect(shown).to.include.members([77, chosen]);
    expect(await failure(rtnl.namespaceIds.assign(one, 78))).to.include({ code: 'EEXIST' });
    expect(await failure(rtnl.namespaceIds.assign(one, -1))).to.include({ code: 'EINVAL' });
  });

  it('are those of the far ends of links', async () => {
    await using here = await anonymousNetns();
    await using there = await anonymousNetns();
    await using rtnl = await here.openRtnl();
    await rtnl.links.createVeth({ name: 'a0', peer: { name: 'b0', netns: there } });

    expect((await rtnl.links.get({ name: 'a0' }))!.peerNetnsId).to.equal(await rtnl.namespaceIds.get(there));
    expect(await run(there, 'ip', '-brief', 'link')).to.include('b0');
  });
});
