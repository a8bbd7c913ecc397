import { h } from './dom.ts';

const NUMBER = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const UNITS = ['', 'k', 'M', 'G', 'T', 'P'] as const;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A count: `10,000`; of the size of an IPv6 prefix a power of ten. */
export function count(value: number): string {
  return value >= 1e15 ? `10^${Math.floor(Math.log10(value))}` : NUMBER.format(value);
}

/** `1 address`, `2 addresses`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** With a decimal unit: `1.2 M` of `bit/s`. */
export function scaled(value: number, unit: string): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${SHORT.format(value / 1000 ** power)} ${UNITS[power] ?? ''}${unit}`;
}

/** Milliseconds, or seconds where there are many; null: more than the last bound, which JSON has no number for. */
export function duration(ms: number | null): string {
  if (ms === null) return 'longer';
  return ms >= 1000 ? `${SHORT.format(ms / 1000)} s` : `${SHORT.format(ms)} ms`;
}

/** `3 h 20 min`: the two largest units. */
export function span(seconds: number): string {
  if (seconds < MINUTE) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ${Math.floor((seconds % HOUR) / MINUTE)} min`;
  return `${Math.floor(seconds / DAY)} d ${Math.floor((seconds % DAY) / HOUR)} h`;
}

/** A moment: the time of today, else the date, too; exact in its title. */
export function moment(iso: string): HTMLElement {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  const time = date.toLocaleTimeString('en-GB');
  const text = isToday ? time : `${date.toLocaleDateString('en-CA')} ${time}`;
  return h('time', { datetime: iso, title: iso }, text);
}
