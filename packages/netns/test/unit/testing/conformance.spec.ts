import { fakeKernel, rtnlConformance } from '../../../src/testing/index.ts';
import type { FakeKernel } from '../../../src/testing/index.ts';

describe('fakeKernel', () => {
  let kernel: FakeKernel;

  rtnlConformance({
    describe,
    it,
    openRtnl: () => Promise.resolve((kernel = fakeKernel())),
    openNetns: () => Promise.resolve(kernel.createNetns()),
  });
});
