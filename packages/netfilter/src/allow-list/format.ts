import { addressBits, formatAddress } from '@routed/addresses';
import type { AllowEntry, AllowList } from './allow-list.ts';

/** The list as text that `parseAllowList` reads as the same list: separated by commas, `none` for an empty one. */
export function formatAllowList({ entries }: AllowList): string {
  return entries.length === 0 ? 'none' : entries.map(formatEntry).join(',');
}

/** One entry of a list, as `parseAllowList` reads it. */
export function formatEntry(entry: AllowEntry): string {
  const peers = formatPeers(entry);
  if (entry.service === undefined) return peers;
  const { protocol, firstPort, lastPort } = entry.service;
  const ports = firstPort === lastPort ? firstPort : `${firstPort}-${lastPort}`;
  return `${entry.family === 6 ? `[${peers}]` : peers}:${ports}/${protocol}`;
}

function formatPeers({ family, first, last }: AllowEntry): string {
  const address = formatAddress({ family, value: first });
  if (first === last) return address;
  const size = last - first + 1n;
  const isPrefix = (size & (size - 1n)) === 0n && first % size === 0n;
  if (!isPrefix) return `${address}-${formatAddress({ family, value: last })}`;
  return `${address}/${addressBits(family) - (size.toString(2).length - 1)}`;
}
