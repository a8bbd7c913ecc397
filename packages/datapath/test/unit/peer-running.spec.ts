import { expect } from 'chai';
import type { Link } from '@routed/netns';
import { waitForPeerRunning } from '../../src/endpoint/peer-running.ts';

const up = { isUp: true, isRunning: true } as Link;
const coming = { ...up, isRunning: false };

/** Links whose peer is found as given, one after another; the last one for good. */
function linksWith(...found: readonly (Link | undefined)[]): {
  getPeer: () => Promise<Link | undefined>;
  asked: number;
} {
  const links = {
    asked: 0,
    getPeer: () => Promise.resolve(found[Math.min(links.asked++, found.length - 1)]),
  };
  return links;
}

describe('the other end of a link that was set up', () => {
  it('is asked for until it sends', async () => {
    const links = linksWith(coming, coming, up);

    await waitForPeerRunning(links, 7);

    expect(links.asked).to.equal(3);
  });

  for (const [what, found] of [
    ['is gone', undefined],
    ['is down, by the will of the container', { ...coming, isUp: false }],
  ] as const) {
    it(`is not waited for when it ${what}`, async () => {
      const links = linksWith(found);

      await waitForPeerRunning(links, 7);

      expect(links.asked).to.equal(1);
    });
  }

  it('is not waited for when it cannot be seen', async () => {
    await waitForPeerRunning({ getPeer: () => Promise.reject(new Error('no permission')) }, 7);
  });

  it('is waited for half a second, and no longer', async () => {
    const started = performance.now();

    await waitForPeerRunning(linksWith(coming), 7);

    expect(performance.now() - started).to.be.within(495, 2000);
  });
});
