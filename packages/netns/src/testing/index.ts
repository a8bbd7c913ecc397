export { anonymousNetns } from './anonymous-netns.ts';
export { fakeKernel } from './fake/fake-kernel.ts';
export type { FakeCall, FakeKernel, FakeState } from './fake/types.ts';
