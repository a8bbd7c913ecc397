import type { MonitorEvents } from '@routed/netns';

/** What reports changes of the host's links or routes: a Monitor of @routed/netns. */
export interface KernelEvents<E extends 'link' | 'route'> {
  on(event: E, listener: (...data: MonitorEvents[E]) => void): unknown;
}
