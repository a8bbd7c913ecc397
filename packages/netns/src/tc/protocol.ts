import { type Check, whole } from '../check/check.ts';
import { show } from '../check/show.ts';
import { byNumber } from '../message/tables.ts';
import type { FilterProtocol } from './types.ts';

/** Source: linux uapi if_ether.h `ETH_P_*`. */
export const ETHERTYPE = {
  all: 0x0003,
  ip: 0x0800,
  arp: 0x0806,
  '802.1Q': 0x8100,
  ipv6: 0x86dd,
  '802.1ad': 0x88a8,
} as const;
type Name = keyof typeof ETHERTYPE;
const names = byNumber<Name>(ETHERTYPE);
const number = whole(0, 0xffff);

export const PROTOCOL: Check<FilterProtocol> = (value, field) => {
  if (typeof value === 'number') return number(value, field);
  if (typeof value === 'string' && Object.hasOwn(ETHERTYPE, value)) return undefined;
  return { field, reason: `${show(value)} is not one of ${Object.keys(ETHERTYPE).join(', ')}, and no number` };
};

/** The EtherType of a protocol. */
export function etherTypeOf(protocol: FilterProtocol = 'all'): number {
  return typeof protocol === 'number' ? protocol : ETHERTYPE[protocol];
}

/** The protocol of an EtherType: by name, if it has one. */
export function protocolOf(etherType: number): FilterProtocol {
  return names.get(etherType) ?? etherType;
}

/** Swaps the bytes of a number of 16 bits on machines whose order is not that of the network. */
export function networkOrder(value: number): number {
  const [high, low] = new Uint8Array(Uint16Array.of(value).buffer);
  return ((high ?? 0) << 8) | (low ?? 0);
}
