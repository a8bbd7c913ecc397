import { NetnsError } from '@routed/netns';
import { expect } from 'chai';
import { ConfiguredSandbox, key, turns, web } from './support/reconciled-sandbox.ts';
import { everyAddressOf } from '../../../datapath/test/unit/support/fake-sandbox.ts';

/** Whether something is still not there once everything has run that waits for nothing. */
async function isPending(work: Promise<unknown>): Promise<boolean> {
  let hasSettled = false;
  void work.finally(() => (hasSettled = true));
  await turns();
  return !hasSettled;
}

describe('SandboxConfigurator', () => {
  let host: ConfiguredSandbox;
  let clock: ConfiguredSandbox['clock'];
  let kernel: ConfiguredSandbox['kernel'];
  let sandbox: ConfiguredSandbox['sandbox'];
  let open: ConfiguredSandbox['open'];
  let sandboxReconciler: ConfiguredSandbox['sandboxReconciler'];
  beforeEach(async () => {
    host = await ConfiguredSandbox.create();
    ({ clock, kernel, sandbox, open, sandboxReconciler } = host);
  });
  afterEach(() => host.restore());

  it('gives the container its addresses, says so, and closes what it opened', async () => {
    await sandbox.receive(web);

    const configuring = sandboxReconciler.configure(key);
    expect(sandboxReconciler.statusOf(web.id)).to.deep.equal({ state: 'pending' });
    await configuring;

    expect(await sandbox.addressesOf(web)).to.deep.equal(everyAddressOf(web));
    expect(sandboxReconciler.statusOf(web.id)).to.deep.equal({ state: 'done' });
    expect(sandbox.views).to.equal(0);
  });

  it('makes one visit of many calls, and one more for those that came during it', async () => {
    const calls = Array.from({ length: 5 }, () => sandboxReconciler.configure(key));
    await turns();
    await sandbox.receive(web);
    await Promise.all(calls);

    expect(open.callCount).to.equal(2);
    await sandboxReconciler.configure(key);
    expect(open.callCount, 'after a later call').to.equal(3);
  });

  it('takes a call during a visit as one for the endpoints as they are after it', async () => {
    const first = sandboxReconciler.configure(key);
    await turns();
    host.joined = [{ ...web, additional: [...web.additional, { ...web.additional[0]!, address: '10.1.0.4' }] }];
    const second = sandboxReconciler.configure(key);
    await sandbox.receive(web);
    await Promise.all([first, second]);

    expect(await sandbox.addressesOf(web)).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32', '10.1.0.4/32']);
  });

  it('looks at the sandbox while a change is under way that it is to take into account', async () => {
    await sandbox.receive(web);
    let finish: () => void = () => undefined;
    const change = new Promise<void>((resolve) => (finish = resolve));

    const configuring = sandboxReconciler.configure(key, change);
    await turns();
    expect(open.callCount).to.equal(1);
    host.joined = [{ ...web, additional: [...web.additional, { ...web.additional[0]!, address: '10.1.0.4' }] }];
    finish();
    await configuring;

    expect(open.callCount).to.equal(1);
    expect(await sandbox.addressesOf(web)).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32', '10.1.0.4/32']);
  });

  it('takes no notice of the failure of such a change', async () => {
    await sandbox.receive(web);

    await sandboxReconciler.configure(key, Promise.reject(new Error('no route')));

    expect(await sandbox.addressesOf(web)).to.deep.equal(everyAddressOf(web));
  });

  it('waits for the changes of all calls that one visit is for', async () => {
    const first = sandboxReconciler.configure(key);
    let finish: () => void = () => undefined;
    const change = new Promise<void>((resolve) => (finish = resolve));
    const others = [sandboxReconciler.configure(key), sandboxReconciler.configure(key, change)];
    await sandbox.receive(web);
    await first;
    await turns();
    host.joined = [{ ...web, additional: [] }];
    finish();
    await Promise.all(others);

    expect(await sandbox.addressesOf(web)).to.deep.equal(['10.1.0.2/32']);
  });

  it('visits sandboxes beside each other', async () => {
    const waiting = sandboxReconciler.configure(key);
    await turns();

    await sandboxReconciler.configure('/another');

    await sandbox.receive(web);
    await waiting;
  });

  it('asks the host for the link of an endpoint once in a visit', async () => {
    const configuring = sandboxReconciler.configure(key);
    await turns();
    await sandbox.receive(web);
    await configuring;

    expect(kernel.calls.filter(({ subject }) => subject.includes('vethraaaaaaaaaa'))).to.have.lengthOf(2);
  });

  describe('settle', () => {
    beforeEach(() => (host.joined = [{ ...web, sandboxKey: key }]));

    it('waits for the visit under way', async () => {
      sandboxReconciler.request(key);
      const settling = sandboxReconciler.settle(web.id);
      await turns();
      expect(await isPending(settling)).to.equal(true);

      await sandbox.receive(web);
      await settling;

      expect(sandboxReconciler.statusOf(web.id)).to.deep.equal({ state: 'done' });
      expect(open.callCount).to.equal(1);
    });

    it('makes the visit when nobody has asked for it yet', async () => {
      await sandbox.receive(web);

      await sandboxReconciler.settle(web.id);

      expect(await sandbox.addressesOf(web)).to.deep.equal(everyAddressOf(web));
    });

    it('has nothing to wait for once that is done', async () => {
      await sandbox.receive(web);
      await sandboxReconciler.configure(key);

      await sandboxReconciler.settle(web.id);

      expect(open.callCount).to.equal(1);
    });

    it('waits for a second, and not for ever', async () => {
      const settling = sandboxReconciler.settle(web.id);
      await clock.tickAsync(999);
      expect(await isPending(settling)).to.equal(true);

      await clock.tickAsync(1);

      await settling;
      await sandboxReconciler.stop();
    });

    it('does not wait for a sandbox that Docker has still to make, nor where there is nothing to give', async () => {
      host.isThere = false;
      await sandboxReconciler.settle(web.id);

      host.isThere = true;
      host.joined = [{ ...web, sandboxKey: key, additional: [] }];
      await sandboxReconciler.settle(web.id);
      await sandboxReconciler.settle('unknown');

      expect(open.callCount).to.equal(0);
    });

    it('is no place for the failure of a visit', async () => {
      open.rejects(new NetnsError('NOT_A_NAMESPACE', key, 'it is an ordinary file'));
      const settling = sandboxReconciler.settle(web.id);

      expect(await host.outcome(settling)).to.equal('done');
    });
  });
});
