import { EventEmitter } from 'node:events';

/** What components tell each other. {@link Journal} is for people: nothing acts on it. */
export class DriverEvents extends EventEmitter<{
  /** An endpoint has joined its sandbox. Docker waits: what follows is not part of the call. */
  join: [endpointId: string];
  /** An endpoint has left its sandbox. */
  leave: [endpointId: string];
  /** An endpoint is no more; it had these addresses besides Docker's. */
  delete: [additional: readonly { readonly poolId: string; readonly address: string }[]];
  /** This host announces the addresses from now on. */
  announce: [addresses: readonly string[]];
  /** This host announces the addresses no more. */
  withdraw: [addresses: readonly string[]];
  /** The reconciler restored something of a container. */
  repair: [];
}> {}
