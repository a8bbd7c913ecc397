import type { Handlers } from '@routed/plugin-protocol';

/** What each of the two drivers answers. */
export interface Drivers {
  readonly network: Handlers;
  readonly ipam: Handlers;
}
