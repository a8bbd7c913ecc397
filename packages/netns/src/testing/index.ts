import type { Netns } from '../types/netns.ts';
import type { FakeKernel } from './types.ts';

export type { FakeCall, FakeKernel, FakeState } from './types.ts';

/** stub */
export function anonymousNetns(): Promise<Netns> {
  return Promise.reject(new Error('not there yet'));
}

/** stub */
export function fakeKernel(): FakeKernel {
  throw new Error('not there yet');
}
