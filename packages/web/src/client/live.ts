import type { LoggedEvent, Refusal } from '../shape/addresses.ts';
import type { Overview } from '../shape/overview.ts';

/** What is done with what the daemon tells. */
export interface LiveListener {
  readonly onOverview: (overview: Overview) => void;
  readonly onEvents: (events: readonly LoggedEvent[]) => void;
  readonly onRefused: (packets: readonly Refusal[]) => void;
  /** The daemon answers, for the first time or again: what happened meanwhile is not told. */
  readonly onConnected: () => void;
  readonly onLost: () => void;
}

/** After an answer that ends the attempts of the browser itself. */
const AGAIN_MS = 5_000;

/** Follows what the daemon tells; comes back by itself. */
export function follow(listener: LiveListener): void {
  const source = new EventSource('api/live');
  source.addEventListener('open', () => listener.onConnected());
  source.addEventListener('error', () => {
    listener.onLost();
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(listener), AGAIN_MS);
  });
  source.addEventListener('overview', (event) => listener.onOverview(dataOf(event) as Overview));
  source.addEventListener('events', (event) => listener.onEvents(dataOf(event) as readonly LoggedEvent[]));
  source.addEventListener('refused', (event) => listener.onRefused(dataOf(event) as readonly Refusal[]));
}

function dataOf(event: Event): unknown {
  return JSON.parse((event as MessageEvent<string>).data) as unknown;
}
