import type { FakeKernel } from './types.ts';

export { anonymousNetns } from './anonymous-netns.ts';
export type { FakeCall, FakeKernel, FakeState } from './types.ts';

/** stub */
export function fakeKernel(): FakeKernel {
  throw new Error('not there yet');
}
