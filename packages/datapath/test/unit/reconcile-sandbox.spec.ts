import type { Endpoint } from '@routed/driver';
import { fakeKernel, type FakeKernel } from '@routed/netns/testing';
import { expect } from 'chai';
import sinon from 'sinon';
import type { SandboxEndpoint } from '../../src/sandbox/sandbox-plan.ts';
import { type SandboxReport, reconcileSandbox } from '../../src/sandbox/reconcile-sandbox.ts';
import { everyAddressOf, FakeSandbox, makeLinks } from './support/fake-sandbox.ts';
import { messageOf } from '../../../store/test/unit/support/message-of.ts';
import { endpointWith } from './support/sandbox-states.ts';

const web = endpointWith('aaaaaaaaaaaa', ['10.1.0.2'], ['10.1.0.3', '10.1.0.4']);
const db = endpointWith('bbbbbbbbbbbb', ['10.2.0.2', 'fd00::2'], ['fd00::3']);

/** Lets everything run that waits for nothing. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('visitSandbox', () => {
  let kernel: FakeKernel;
  let sandbox: FakeSandbox;
  let present: SandboxEndpoint[];
  let stopping: AbortController;
  beforeEach(async () => {
    kernel = fakeKernel();
    sandbox = await FakeSandbox.in(kernel);
    present = [];
    stopping = new AbortController();
  });

  async function join(endpoint: Endpoint): Promise<void> {
    present.push({ endpoint, hostLinkIndex: await makeLinks(kernel, endpoint) });
  }

  const visit = (deadlineMs = 10_000): Promise<SandboxReport> =>
    reconcileSandbox(sandbox.open(), () => Promise.resolve(present), { deadlineMs, signal: stopping.signal });

  /** Requests in the sandbox and outside, of these kinds. */
  const calls = (operation: RegExp): string[] =>
    kernel.calls.filter((call) => operation.test(call.operation)).map((call) => call.operation);

  it('adds the addresses to a link that Docker has finished with', async () => {
    await join(web);
    await sandbox.receive(web);

    expect(await visit()).to.deep.equal({ endpointIds: [web.id], changes: 2 });

    expect(await sandbox.addressesOf(web)).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32', '10.1.0.4/32']);
  });

  it("waits for the link, then for Docker's address on it, event by event", async () => {
    await join(web);
    const visiting = visit();
    await turns();
    await sandbox.move(web);
    await turns();
    expect(await sandbox.addressesOf(web), 'when the link is there').to.deep.equal([]);

    await sandbox.address(web);
    await turns();

    expect(await sandbox.addressesOf(web)).to.deep.equal(everyAddressOf(web));
    expect((await visiting).endpointIds).to.deep.equal([web.id]);
  });

  it('asks the kernel once, whatever the number of events', async () => {
    await join(db);
    const visiting = visit();
    await turns();
    await sandbox.move(db);
    for (let time = 0; time < 10; time++) {
      await sandbox.raise(db);
      await turns();
    }
    await sandbox.address(db);
    await visiting;

    expect(calls(/^link.list$/)).to.have.lengthOf(1);
    expect(calls(/^address.list$/)).to.have.lengthOf(1);
  });

  it('does not wait for an answer when the events have told enough', async () => {
    await join(web);
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    sinon.stub(sandbox.rtnl.addresses, 'list').callsFake(() => held.then(() => []));
    const visiting = visit();

    await sandbox.receive(web);
    await turns();
    expect(await sandbox.addressesOf(web)).to.deep.equal(everyAddressOf(web));

    answer();
    expect((await visiting).endpointIds).to.deep.equal([web.id]);
  });

  it('asks again when events were lost', async () => {
    await join(web);
    const visiting = visit();
    await turns();
    sandbox.events.removeAllListeners('link');
    sandbox.events.removeAllListeners('address');
    await sandbox.receive(web);

    sandbox.events.emit('overrun');

    expect((await visiting).changes).to.equal(2);
  });

  it('fails when it can hear no events any more', async () => {
    await join(web);
    const visiting = visit();
    await turns();

    sandbox.events.emit('error', new Error('monitor.receive failed') as never);

    expect(await messageOf(visiting)).to.equal('monitor.receive failed');
  });

  it('fails when the kernel refuses an address, and when it cannot say what there is', async () => {
    await join(web);
    await sandbox.receive(web);

    kernel.failNext('address.replace', 'EACCES');
    expect(await messageOf(visit())).to.match(/10\.1\.0\.3.*EACCES/);
    kernel.failNext('link.list', 'ENOBUFS');
    expect(await messageOf(visit())).to.contain('ENOBUFS');
  });

  it('ends at its deadline and names the endpoints that Docker has not finished with', async () => {
    await join(web);
    await join(db);
    await sandbox.receive(web);

    expect(await messageOf(visit(20))).to.equal('Docker has not set up the link of endpoint bbbbbbbbbbbb');
    expect(await sandbox.addressesOf(web), 'what could be done').to.have.members(everyAddressOf(web));
  });

  it('ends at once when the daemon stops', async () => {
    await join(web);
    const visiting = visit();
    await turns();

    stopping.abort();

    expect(await messageOf(visiting)).to.contain('endpoint aaaaaaaaaaaa');
  });

  it('no longer waits for an endpoint that has left meanwhile', async () => {
    await join(web);
    await join(db);
    const visiting = visit();
    await sandbox.receive(web);
    await turns();
    present = present.filter(({ endpoint }) => endpoint !== db);
    await sandbox.raise(web);

    expect((await visiting).endpointIds).to.deep.equal([web.id]);
  });

  it('has nothing to do where nobody is', async () => {
    expect(await visit()).to.deep.equal({ endpointIds: [], changes: 0 });
  });

  it('takes an address away that no endpoint has any more', async () => {
    await join(web);
    await sandbox.receive(web);
    await visit();

    present = [{ ...present[0]!, endpoint: { ...web, additional: web.additional.slice(0, 1) } }];
    await visit();

    expect(await sandbox.addressesOf(web)).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32']);
  });

  it('lets each address answer by its own link where there are two, and takes that back', async () => {
    const ours = (): string[] =>
      sandbox
        .inspect()
        .rules.filter(({ protocol }) => protocol === 200)
        .map(({ source, table }) => `${source ?? ''} ${table}`);
    for (const endpoint of [web, db]) {
      await join(endpoint);
      await sandbox.receive(endpoint);
    }

    await visit();
    const tables = sandbox.inspect().links.map(({ index }) => 2_000_000 + index);
    expect(ours()).to.have.members([
      ...everyAddressOf(web).map((address) => `${address} ${tables[1] ?? 0}`),
      ...everyAddressOf(db).map((address) => `${address} ${tables[2] ?? 0}`),
    ]);
    expect(sandbox.inspect().routes.filter(({ table }) => table > 2_000_000)).to.have.lengthOf(3);
    expect((await visit()).changes, 'of a second visit').to.equal(0);

    await kernel.links.delete({ index: present[1]!.hostLinkIndex });
    present = present.slice(0, 1);
    await visit();
    expect(ours()).to.deep.equal([]);
    expect(sandbox.inspect().routes.filter(({ table }) => table > 2_000_000)).to.deep.equal([]);
  });
});
