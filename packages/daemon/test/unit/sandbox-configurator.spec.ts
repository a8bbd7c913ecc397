import { syncBuiltinESMExports } from 'node:module';
import { NetnsError } from '@routed/netns';
import { fakeKernel, type FakeKernel } from '@routed/netns/testing';
import { expect } from 'chai';
import sinon from 'sinon';
import type { Endpoint } from '../../src/endpoints/endpoint.ts';
import { SandboxConfigurator } from '../../src/sandbox/sandbox-configurator.ts';
import type { SandboxView } from '../../src/sandbox/sandbox-view.ts';
import { everyAddressOf, FakeSandbox, makeLinks } from './support/fake-sandbox.ts';
import { endpointWith } from './support/sandbox-states.ts';

const key = '/var/run/docker/netns/9ab55770f640';
const web = endpointWith('aaaaaaaaaaaa', ['10.1.0.2'], ['10.1.0.3']);

/** Whether something is still not there once everything has run that waits for nothing. */
async function isPending(work: Promise<unknown>): Promise<boolean> {
  let hasSettled = false;
  void work.finally(() => (hasSettled = true));
  await turns();
  return !hasSettled;
}

/** Lets everything run that waits for nothing. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('SandboxConfigurator', () => {
  let clock: sinon.SinonFakeTimers;
  let kernel: FakeKernel;
  let sandbox: FakeSandbox;
  let joined: Endpoint[];
  let open: sinon.SinonStub<[string], Promise<SandboxView>>;
  let isThere: boolean;
  let errors: sinon.SinonSpy;
  let configurator: SandboxConfigurator;
  beforeEach(async () => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    // Also for who imported the timers of node:timers/promises by name.
    syncBuiltinESMExports();
    kernel = fakeKernel();
    sandbox = await FakeSandbox.in(kernel);
    joined = [web];
    await makeLinks(kernel, web);
    open = sinon.stub<[string], Promise<SandboxView>>().callsFake(() => Promise.resolve(sandbox.open()));
    isThere = true;
    errors = sinon.fake();
    const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: errors };
    const endpoints = {
      endpointsIn: (sandboxKey: string) => (sandboxKey === key ? joined : []),
      get: (id: string) => joined.find((endpoint) => endpoint.id === id),
    };
    configurator = new SandboxConfigurator({
      endpoints,
      rtnl: kernel,
      open,
      isThere: () => isThere,
      journal: { record: () => undefined },
      logger,
    });
  });
  afterEach(() => {
    clock.restore();
    syncBuiltinESMExports();
  });

  /** The outcome of a call, once the clock has gone on far enough for any number of tries. */
  async function outcome(work: Promise<unknown>): Promise<string> {
    const settled = work.then(
      () => 'done',
      (error: unknown) => (error as Error).message,
    );
    for (let second = 0; second < 10; second++) {
      await turns();
      await clock.tickAsync(1_000);
    }
    return await settled;
  }

  it('gives the container its addresses, says so, and closes what it opened', async () => {
    await sandbox.receive(web);

    const configuring = configurator.configure(key);
    expect(configurator.statusOf(web.id)).to.deep.equal({ state: 'pending' });
    await configuring;

    expect(await sandbox.addressesOf(web)).to.deep.equal(everyAddressOf(web));
    expect(configurator.statusOf(web.id)).to.deep.equal({ state: 'done' });
    expect(sandbox.views).to.equal(0);
  });

  it('makes one visit of many calls, and one more for those that came during it', async () => {
    const calls = Array.from({ length: 5 }, () => configurator.configure(key));
    await turns();
    await sandbox.receive(web);
    await Promise.all(calls);

    expect(open.callCount).to.equal(2);
    await configurator.configure(key);
    expect(open.callCount, 'after a later call').to.equal(3);
  });

  it('takes a call during a visit as one for the endpoints as they are after it', async () => {
    const first = configurator.configure(key);
    await turns();
    joined = [{ ...web, additional: [...web.additional, { ...web.additional[0]!, address: '10.1.0.4' }] }];
    const second = configurator.configure(key);
    await sandbox.receive(web);
    await Promise.all([first, second]);

    expect(await sandbox.addressesOf(web)).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32', '10.1.0.4/32']);
  });

  it('looks at the sandbox while a change is under way that it is to take into account', async () => {
    await sandbox.receive(web);
    let finish: () => void = () => undefined;
    const change = new Promise<void>((resolve) => (finish = resolve));

    const configuring = configurator.configure(key, change);
    await turns();
    expect(open.callCount).to.equal(1);
    joined = [{ ...web, additional: [...web.additional, { ...web.additional[0]!, address: '10.1.0.4' }] }];
    finish();
    await configuring;

    expect(open.callCount).to.equal(1);
    expect(await sandbox.addressesOf(web)).to.deep.equal(['10.1.0.2/32', '10.1.0.3/32', '10.1.0.4/32']);
  });

  it('takes no notice of the failure of such a change', async () => {
    await sandbox.receive(web);

    await configurator.configure(key, Promise.reject(new Error('no route')));

    expect(await sandbox.addressesOf(web)).to.deep.equal(everyAddressOf(web));
  });

  it('waits for the changes of all calls that one visit is for', async () => {
    const first = configurator.configure(key);
    let finish: () => void = () => undefined;
    const change = new Promise<void>((resolve) => (finish = resolve));
    const others = [configurator.configure(key), configurator.configure(key, change)];
    await sandbox.receive(web);
    await first;
    await turns();
    joined = [{ ...web, additional: [] }];
    finish();
    await Promise.all(others);

    expect(await sandbox.addressesOf(web)).to.deep.equal(['10.1.0.2/32']);
  });

  it('visits sandboxes beside each other', async () => {
    const waiting = configurator.configure(key);
    await turns();

    await configurator.configure('/another');

    await sandbox.receive(web);
    await waiting;
  });

  it('tries again, after longer and longer pauses', async () => {
    await sandbox.receive(web);
    for (let failure = 0; failure < 3; failure++) open.onCall(failure).rejects(new Error('not yet'));
    const configuring = configurator.configure(key);

    for (const [pauseMs, tries] of [
      [19, 1],
      [1, 2],
      [99, 2],
      [1, 3],
      [499, 3],
      [1, 4],
    ] as const) {
      await turns();
      await clock.tickAsync(pauseMs);
      await turns();
      expect(open.callCount).to.equal(tries);
    }

    await configuring;
    expect(configurator.statusOf(web.id)).to.deep.equal({ state: 'done' });
    expect(errors.callCount).to.equal(0);
  });

  it('gives up with the reason, in the log and in the status, and starts anew when asked again', async () => {
    open.rejects(new Error('no such thing'));

    expect(await outcome(configurator.configure(key))).to.equal(
      `sandbox ${key} cannot be given its additional addresses: no such thing`,
    );

    expect(open.callCount).to.equal(6);
    expect(configurator.statusOf(web.id)).to.deep.equal({ state: 'failed', reason: 'no such thing' });
    expect(errors.callCount).to.equal(1);
    open.callsFake(() => Promise.resolve(sandbox.open()));
    await sandbox.receive(web);
    await configurator.configure(key);
    expect(configurator.statusOf(web.id)).to.deep.equal({ state: 'done' });
  });

  for (const code of ['NOT_A_NAMESPACE', 'NOT_FOUND'] as const) {
    it(`says which mount propagation is missing when the namespace is not to be seen (${code})`, async () => {
      open.rejects(new NetnsError(code, `namespace ${key}`, 'it is a plain file'));

      expect(await outcome(configurator.configure(key))).to.match(
        /it is a plain file.*-v \/run\/docker\/netns:\/run\/docker\/netns:rslave/,
      );
    });
  }

  it('does not complain of a container that has ended meanwhile', async () => {
    open.callsFake(() => {
      joined = [];
      return Promise.reject(new Error('gone'));
    });

    expect(await outcome(configurator.configure(key))).to.equal('done');
    expect(open.callCount).to.equal(1);
    expect(errors.callCount).to.equal(0);
  });

  it('does not wait for an endpoint whose link went away with its container, and says so', async () => {
    await kernel.links.delete({ name: 'vethraaaaaaaaaa' });

    await configurator.configure(key);

    const status = { state: 'failed', reason: 'its link is gone: the container has ended' };
    expect(configurator.statusOf(web.id)).to.deep.equal(status);
    configurator.prune();
    expect(configurator.statusOf(web.id)).to.deep.equal(status);
    joined = [];
    configurator.prune();
    expect(configurator.statusOf(web.id)).to.equal(undefined);
  });

  it('asks the host for the link of an endpoint once in a visit', async () => {
    const configuring = configurator.configure(key);
    await turns();
    await sandbox.receive(web);
    await configuring;

    expect(kernel.calls.filter(({ subject }) => subject.includes('vethraaaaaaaaaa'))).to.have.lengthOf(2);
  });

  it('ends a visit under way when it is stopped, without a complaint, and begins no other', async () => {
    const calls = [configurator.configure(key), configurator.configure(key)];
    await turns();

    await configurator.stop();
    await Promise.all(calls);

    expect(sandbox.views).to.equal(0);
    expect(errors.callCount).to.equal(0);
    expect(open.callCount).to.equal(1);
  });

  describe('settle', () => {
    beforeEach(() => (joined = [{ ...web, sandboxKey: key }]));

    it('waits for the visit under way', async () => {
      configurator.request(key);
      const settling = configurator.settle(web.id);
      await turns();
      expect(await isPending(settling)).to.equal(true);

      await sandbox.receive(web);
      await settling;

      expect(configurator.statusOf(web.id)).to.deep.equal({ state: 'done' });
      expect(open.callCount).to.equal(1);
    });

    it('makes the visit when nobody has asked for it yet', async () => {
      await sandbox.receive(web);

      await configurator.settle(web.id);

      expect(await sandbox.addressesOf(web)).to.deep.equal(everyAddressOf(web));
    });

    it('has nothing to wait for once that is done', async () => {
      await sandbox.receive(web);
      await configurator.configure(key);

      await configurator.settle(web.id);

      expect(open.callCount).to.equal(1);
    });

    it('waits for a second, and not for ever', async () => {
      const settling = configurator.settle(web.id);
      await clock.tickAsync(999);
      expect(await isPending(settling)).to.equal(true);

      await clock.tickAsync(1);

      await settling;
      await configurator.stop();
    });

    it('does not wait for a sandbox that Docker has still to make, nor where there is nothing to give', async () => {
      isThere = false;
      await configurator.settle(web.id);

      isThere = true;
      joined = [{ ...web, sandboxKey: key, additional: [] }];
      await configurator.settle(web.id);
      await configurator.settle('unknown');

      expect(open.callCount).to.equal(0);
    });

    it('is no place for the failure of a visit', async () => {
      open.rejects(new NetnsError('NOT_A_NAMESPACE', key, 'it is an ordinary file'));
      const settling = configurator.settle(web.id);

      expect(await outcome(settling)).to.equal('done');
    });
  });

  it('keeps a failure to itself for who does not wait', async () => {
    open.rejects(new Error('no such thing'));
    configurator.request(key);

    expect(await outcome(turns())).to.equal('done');
    expect(configurator.statusOf(web.id)).to.include({ state: 'failed' });
  });
});
