import { expect } from 'chai';
import sinon from 'sinon';
import { observeRules } from '../../src/upkeep/observed-rules.ts';
import { createNetwork, dockerId, startContainer, wiredDaemon } from './support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');

describe('what somebody changes and the daemon puts right', () => {
  it('are rules: made for the first time they are no repair, and made again they are one', async () => {
    const onRules = sinon.fake();
    const outcomes = ['installed', 'present', 'installed', 'repaired', 'unavailable'];
    const ensure = (): Promise<never> => Promise.resolve(outcomes.shift() as never);
    const nothing = (): Promise<void> => Promise.resolve();
    const { filters, acceptance } = observeRules(
      { filters: { ensure, clear: nothing }, acceptance: { ensure, remove: nothing } },
      { onRules },
    );

    while (outcomes.length > 0) await filters.ensure();
    expect(onRules.args.map(([, isRepair]) => isRepair as boolean)).to.deep.equal([false, true, true]);
    outcomes.push('installed', 'installed');
    await acceptance.ensure();
    await acceptance.remove();
    await acceptance.ensure();

    expect(onRules.args.slice(3).map(([, isRepair]) => isRepair as boolean)).to.deep.equal([false, false]);
  });

  it('are told in events, with the addresses of the endpoint', async () => {
    const daemon = await wiredDaemon();
    const poolId = await createNetwork(daemon);
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    await daemon.kernel.links.set({ name: 'vethrc80b7eea65' }, { mtuBytes: 1400 });

    daemon.repair();
    await daemon.stop();

    expect(daemon.parts.describe('10.1.0.2').history.at(-1)).to.deep.include({
      kind: 'repaired',
      addresses: ['10.1.0.2'],
      endpointId,
      detail: 'set-link: mtuBytes 1500',
    });
  });
});
