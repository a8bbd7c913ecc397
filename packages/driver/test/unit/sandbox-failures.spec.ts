import { NetnsError } from '@routed/netns';
import { expect } from 'chai';
import { ConfiguredSandbox, key, turns, web } from './support/reconciled-sandbox.ts';

describe('SandboxConfigurator', () => {
  let host: ConfiguredSandbox;
  let clock: ConfiguredSandbox['clock'];
  let kernel: ConfiguredSandbox['kernel'];
  let sandbox: ConfiguredSandbox['sandbox'];
  let open: ConfiguredSandbox['open'];
  let errors: ConfiguredSandbox['errors'];
  let sandboxReconciler: ConfiguredSandbox['sandboxReconciler'];
  beforeEach(async () => {
    host = await ConfiguredSandbox.create();
    ({ clock, kernel, sandbox, open, errors, sandboxReconciler } = host);
  });
  afterEach(() => host.restore());

  it('tries again, after longer and longer pauses', async () => {
    await sandbox.receive(web);
    for (let failure = 0; failure < 3; failure++) open.onCall(failure).rejects(new Error('not yet'));
    const configuring = sandboxReconciler.configure(key);

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
    expect(sandboxReconciler.statusOf(web.id)).to.deep.equal({ state: 'done' });
    expect(errors.callCount).to.equal(0);
  });

  it('gives up with the reason, in the log and in the status, and starts anew when asked again', async () => {
    open.rejects(new Error('no such thing'));

    expect(await host.outcome(sandboxReconciler.configure(key))).to.equal(
      `sandbox ${key} cannot get its additional addresses: no such thing`,
    );

    expect(open.callCount).to.equal(6);
    expect(sandboxReconciler.statusOf(web.id)).to.deep.equal({ state: 'failed', reason: 'no such thing' });
    expect(errors.callCount).to.equal(1);
    open.callsFake(() => Promise.resolve(sandbox.open()));
    await sandbox.receive(web);
    await sandboxReconciler.configure(key);
    expect(sandboxReconciler.statusOf(web.id)).to.deep.equal({ state: 'done' });
  });

  for (const code of ['NOT_A_NAMESPACE', 'NOT_FOUND'] as const) {
    it(`says which mount propagation is missing when the namespace is not to be seen (${code})`, async () => {
      open.rejects(new NetnsError(code, `namespace ${key}`, 'it is a plain file'));

      expect(await host.outcome(sandboxReconciler.configure(key))).to.match(
        /it is a plain file.*-v \/run\/docker\/netns:\/run\/docker\/netns:rslave/,
      );
    });
  }

  it('does not complain of a container that has ended meanwhile', async () => {
    open.callsFake(() => {
      host.joined = [];
      return Promise.reject(new Error('gone'));
    });

    expect(await host.outcome(sandboxReconciler.configure(key))).to.equal('done');
    expect(open.callCount).to.equal(1);
    expect(errors.callCount).to.equal(0);
  });

  it('does not wait for an endpoint whose link went away with its container, and says so', async () => {
    await kernel.links.delete({ name: 'vethraaaaaaaaaa' });

    await sandboxReconciler.configure(key);

    const status = { state: 'failed', reason: 'its link is gone: the container has ended' };
    expect(sandboxReconciler.statusOf(web.id)).to.deep.equal(status);
    sandboxReconciler.prune();
    expect(sandboxReconciler.statusOf(web.id)).to.deep.equal(status);
    host.joined = [];
    sandboxReconciler.prune();
    expect(sandboxReconciler.statusOf(web.id)).to.equal(undefined);
  });

  it('ends a visit under way when it is stopped, without a complaint, and begins no other', async () => {
    const calls = [sandboxReconciler.configure(key), sandboxReconciler.configure(key)];
    await turns();

    await sandboxReconciler.stop();
    await Promise.all(calls);

    expect(sandbox.views).to.equal(0);
    expect(errors.callCount).to.equal(0);
    expect(open.callCount).to.equal(1);
  });

  it('keeps a failure to itself for who does not wait', async () => {
    open.rejects(new Error('no such thing'));
    sandboxReconciler.request(key);

    expect(await host.outcome(turns())).to.equal('done');
    expect(sandboxReconciler.statusOf(web.id)).to.include({ state: 'failed' });
  });
});
