import { type NetlinkMessage, u32 } from '../codec/reader.ts';
import type { TrafficControlEvent } from '../types/monitor.ts';
import { RTM } from '../uapi/rtnetlink.ts';

/** Where `struct tcmsg` has the index of the link, after the family and its padding. Source: linux uapi rtnetlink.h. */
const LINK_INDEX_OFFSET = 4;

const EVENTS = new Map<number, Pick<TrafficControlEvent, 'sort' | 'change'>>([
  [RTM.NEWQDISC, { sort: 'qdisc', change: 'new' }],
  [RTM.DELQDISC, { sort: 'qdisc', change: 'delete' }],
  [RTM.NEWTCLASS, { sort: 'class', change: 'new' }],
  [RTM.DELTCLASS, { sort: 'class', change: 'delete' }],
  [RTM.NEWTFILTER, { sort: 'filter', change: 'new' }],
  [RTM.DELTFILTER, { sort: 'filter', change: 'delete' }],
]);

/** Decodes where a notification of traffic control is about, and no more; `undefined` for other messages. */
export function decodeTrafficControl({ type, payload }: NetlinkMessage): TrafficControlEvent | undefined {
  const event = EVENTS.get(type);
  return event && { ...event, linkIndex: u32(payload, LINK_INDEX_OFFSET) };
}
