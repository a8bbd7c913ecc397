import { setTimeout as sleepReally } from 'node:timers/promises';
import { expect } from 'chai';
import { inVirtualTime, leaveVirtualTime, sleep, virtualNowMs } from '../simulation/virtual-time.ts';

describe('virtual time', () => {
  const { setTimeout: ownSetTimeout } = globalThis;
  afterEach(leaveVirtualTime);

  it('passes as soon as nothing is left to do, and is over with its work', async () => {
    const passed = await inVirtualTime(async () => {
      await sleep(3_600_000);
      return virtualNowMs();
    });

    expect(passed).to.equal(3_600_000);
    expect(globalThis.setTimeout).to.equal(ownSetTimeout);
  });

  it('can be left by who gave up waiting for its work, as a test does that ran into its limit', async () => {
    let rounds = 0;
    const abandoned = inVirtualTime(async () => {
      for (;;) {
        await sleep(1_000);
        rounds += 1;
      }
    }).catch((error: unknown) => (error as Error).message);
    while (rounds < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(globalThis.setTimeout).not.to.equal(ownSetTimeout);

    leaveVirtualTime();

    expect(globalThis.setTimeout).to.equal(ownSetTimeout);
    expect(await abandoned).to.equal('virtual time was left while work ran in it');
    const begun = Date.now();
    await sleepReally(20);
    expect(Date.now() - begun).to.be.within(10, 10_000);
    const before = rounds;
    await sleepReally(20);
    expect(rounds).to.equal(before);
  });
});
