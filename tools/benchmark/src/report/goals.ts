import type { Goal } from '../scenarios/scenario.ts';

/** A goal that a figure stays at or below a limit. */
export function atMost(what: string, limit: number, found: number): Goal {
  return { text: `${what}, at most ${limit}`, isMet: found <= limit, found: short(found) };
}

/** A goal that a figure reaches a limit. */
export function atLeast(what: string, limit: number, found: number): Goal {
  return { text: `${what}, at least ${limit}`, isMet: found >= limit, found: short(found) };
}

/** Three digits that mean something. */
export function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
