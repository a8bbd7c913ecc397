import { addressBits, formatAddress } from '@routed/addresses';
import type { AllowEntry, AllowList, NamedEntry, Service } from './allow-list.ts';

/** The list as text that `parseAllowList` reads as the same list: separated by commas, `none` for an empty one. */
export function formatAllowList({ entries, names = [] }: AllowList): string {
  return [...entries.map(formatEntry), ...names.map(formatName)].join(',') || 'none';
}

/** One entry of a list, as `parseAllowList` reads it. */
export function formatEntry(entry: AllowEntry): string {
  const peers = formatPeers(entry);
  if (entry.service === undefined) return peers;
  return `${entry.family === 6 ? `[${peers}]` : peers}:${formatService(entry.service)}`;
}

/** One name of a list, as `parseAllowList` reads it. */
export function formatName({ name, service }: NamedEntry): string {
  return service === undefined ? name : `${name}:${formatService(service)}`;
}

function formatService({ protocol, firstPort, lastPort }: Service): string {
  return `${firstPort === lastPort ? firstPort : `${firstPort}-${lastPort}`}/${protocol}`;
}

function formatPeers({ family, first, last }: AllowEntry): string {
  const address = formatAddress({ family, value: first });
  if (first === last) return address;
  const size = last - first + 1n;
  const isPrefix = (size & (size - 1n)) === 0n && first % size === 0n;
  if (!isPrefix) return `${address}-${formatAddress({ family, value: last })}`;
  return `${address}/${addressBits(family) - (size.toString(2).length - 1)}`;
}
