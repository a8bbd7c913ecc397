export { anonymousNetns } from './anonymous-netns.ts';
export { rtnlConformance } from './conformance.ts';
export type { RtnlConformanceOptions } from './conformance.ts';
export { fakeKernel } from './fake/fake-kernel.ts';
export type { FakeCall, FakeKernel, FakeState } from './fake/types.ts';
