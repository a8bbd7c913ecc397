import { NetnsError } from './errors.ts';
import type { Netns, NetnsReference } from './types/netns.ts';

/** stub */
export function openNetns(reference: NetnsReference): Promise<Netns> {
  return Promise.reject(new NetnsError('FAILED', JSON.stringify(reference), 'not there yet'));
}
