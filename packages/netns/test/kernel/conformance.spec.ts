import { anonymousNetns, rtnlConformance } from '../../src/testing/index.ts';

describe('the kernel', () => {
  rtnlConformance({
    describe,
    it,
    openRtnl: async () => {
      await using netns = await anonymousNetns();
      return await netns.openRtnl();
    },
    openNetns: anonymousNetns,
  });
});
