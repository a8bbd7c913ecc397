import type { JournalEntry } from '@routed/driver';

/** What events and refused packets have in common. */
export type Filtered = Pick<JournalEntry, 'at' | 'addresses' | 'endpointId' | 'container' | 'network'>;

/** A container by name, or an endpoint by the start of its id: as many digits as `events` shows, or more. */
const ID_DIGITS = 12;

/**
 * Which events a request means, by its query: `address`, `container` (its name, or the start of the endpoint's id), `network` (its
 * name), `since` (ISO 8601, UTC). What is not said is all. Pure.
 */
export function eventFilter(query: Readonly<Record<string, unknown>>): (entry: Filtered) => boolean {
  const of = (name: string): string | undefined => {
    const value = query[name];
    return typeof value === 'string' ? value : undefined;
  };
  const [address, container, network, since] = [of('address'), of('container'), of('network'), of('since')];
  const isContainer = ({ container: name, endpointId = '' }: Filtered): boolean =>
    container === undefined ||
    name === container ||
    (container.length >= ID_DIGITS && endpointId.startsWith(container));
  return (entry) =>
    (address === undefined || entry.addresses.includes(address)) &&
    isContainer(entry) &&
    (network === undefined || entry.network === network) &&
    // Both are written in the one form that Date.toISOString has.
    (since === undefined || entry.at >= since);
}
