import type { LoggedEvent, Refusal } from '../shape/addresses.ts';
import { atMostEvery } from './api.ts';
import { fill, h, part, table } from './dom.ts';
import { count, moment } from './words.ts';

/** What is kept of each kind, and how much of it is shown. */
const KEPT = 500;
const SHOWN = 40;
const DRAWN_EVERY_MS = 500;

/** Kinds that are worth a colour. */
const BAD: ReadonlySet<string> = new Set(['failed', 'conflict', 'hidden']);

const events: LoggedEvent[] = [];
const refusals: Refusal[] = [];
const drawEvents = atMostEvery(DRAWN_EVERY_MS, showEvents);
const drawRefusals = atMostEvery(DRAWN_EVERY_MS, showRefusals);

/** Takes up further events, the oldest first. */
export function addEvents(more: readonly LoggedEvent[]): void {
  append(events, more);
  drawEvents();
}

/** Takes up further refused packets, the oldest first. */
export function addRefusals(more: readonly Refusal[]): void {
  append(refusals, more);
  drawRefusals();
}

/** Begins anew: after a time without a connection there may be gaps. */
export function forgetLists(): void {
  events.length = 0;
  refusals.length = 0;
}

/** A link to what is known of an address. */
export function addressLink(address: string): HTMLElement {
  return h('a', { href: `#/address/${encodeURIComponent(address)}` }, address);
}

/** An event as an item of a time line. */
export function eventItem({ at, kind, addresses, container, detail }: LoggedEvent, withAddress: boolean): HTMLElement {
  const who = withAddress ? [container, ...addresses].filter((text) => text !== undefined) : [];
  return h(
    'li',
    { class: BAD.has(kind) ? 'event bad-event' : 'event' },
    moment(at),
    ' ',
    h('strong', {}, kind),
    ' ',
    ...who.flatMap((text, index) => [index === 0 && container !== undefined ? text : addressLink(text), ' ']),
    h('span', { class: 'quiet' }, detail),
  );
}

function append<T>(list: T[], more: readonly T[]): void {
  list.push(...more);
  list.splice(0, list.length - KEPT);
}

function showEvents(): void {
  const last = events.slice(-SHOWN).reverse();
  fill(
    part('events', HTMLElement),
    h('h2', { id: 'events-title' }, 'Events'),
    last.length === 0
      ? h('p', { class: 'quiet' }, 'Nothing has happened since the daemon started.')
      : h(
          'ol',
          { class: 'events scroll', tabindex: 0, 'aria-label': 'Events, the newest first' },
          ...last.map((event) => eventItem(event, true)),
        ),
  );
}

/** Refusals of one kind: who, to whom, and by which rule. */
interface Group {
  readonly last: Refusal;
  readonly packets: number;
}

function showRefusals(): void {
  const groups = grouped(refusals).slice(0, SHOWN);
  fill(
    part('refused', HTMLElement),
    h('h2', { id: 'refused-title' }, 'Who was refused'),
    groups.length === 0
      ? h('p', { class: 'quiet' }, 'No filter has refused a packet lately.')
      : table(
          'Refused packets',
          ['Last', 'From', 'To', 'Packets', 'By'],
          groups.map(({ last, packets }) => [
            moment(last.at),
            last.source,
            h('span', {}, last.container === undefined ? '' : `${last.container} `, targetOf(last)),
            count(packets),
            h('span', { class: 'quiet' }, last.verdict === 'counted' ? `${last.rule} (only counted)` : last.rule),
          ]),
        ),
    groups.length > 0 && h('p', { class: 'quiet' }, 'The kernel logs some packets of a flood, never all.'),
  );
}

function targetOf({ destination, port, protocol }: Refusal): string {
  const host = destination.includes(':') && port !== undefined ? `[${destination}]` : destination;
  return port === undefined ? `${host} ${protocol}` : `${host}:${port}/${protocol}`;
}

/** The newest first. */
function grouped(all: readonly Refusal[]): Group[] {
  const groups = new Map<string, Group>();
  for (const refusal of all) {
    const { source, destination, port, protocol, direction, rule } = refusal;
    const key = [source, destination, port, protocol, direction, rule].join(' ');
    const packets = (groups.get(key)?.packets ?? 0) + 1;
    groups.delete(key);
    groups.set(key, { last: refusal, packets });
  }
  return [...groups.values()].reverse();
}
