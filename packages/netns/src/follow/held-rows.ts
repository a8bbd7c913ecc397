import { diff } from '../diff.ts';
import type { FollowEvent } from '../types/follow.ts';

/** The steps from one row to another, or to none. */
export type Step<Row> = Exclude<FollowEvent<Row>, { readonly rows: readonly Row[] }>;

/** Count down by themselves: no change. */
const VOLATILE = ['validSec', 'preferredSec', 'expiresInSec'];

/** Everything about a row that makes it differ from another, but for the fields to pass over, at any depth. */
export function contentOf(row: object, ...passedOver: readonly string[]): string {
  const isOut = (name: string): boolean => VOLATILE.includes(name) || passedOver.includes(name);
  return JSON.stringify(row, (name, value: unknown) => (isOut(name) ? undefined : value));
}

/** The rows that were reported last, by key; routes may share one. */
export class HeldRows<Row extends object> {
  readonly #keyOf: (row: Row) => string;
  #rows = new Map<string, readonly Row[]>();

  constructor(keyOf: (row: Row) => string) {
    this.#keyOf = keyOf;
  }

  /** Those with the key of `row`. */
  alike(row: Row): readonly Row[] {
    return this.#rows.get(this.#keyOf(row)) ?? [];
  }

  some(accepts: (row: Row) => boolean): boolean {
    for (const rows of this.#rows.values()) if (rows.some(accepts)) return true;
    return false;
  }

  /** Forgets everything that was held. */
  reset(rows: readonly Row[]): readonly Row[] {
    this.#rows = new Map();
    for (const row of rows) this.#put(row);
    return rows;
  }

  add(row: Row): Step<Row> {
    this.#put(row);
    return { event: 'new', row };
  }

  /** Nothing when both say the same. */
  change(previous: Row, row: Row): readonly Step<Row>[] {
    if (contentOf(previous) === contentOf(row)) return [];
    this.#drop(previous);
    this.#put(row);
    return [{ event: 'changed', row, previous }];
  }

  remove(row: Row): Step<Row> {
    this.#drop(row);
    return { event: 'deleted', row };
  }

  /** The steps to what was listed. */
  *update(rows: readonly Row[]): Generator<Step<Row>, void, undefined> {
    const held = [...this.#rows.values()].flat();
    const { missing, surplus } = diff(rows, held, (row: Row) => contentOf(row));
    const gone = new Set(surplus);
    for (const row of missing) {
      const previous = this.alike(row).find((one) => gone.has(one));
      if (previous === undefined) {
        yield this.add(row);
        continue;
      }
      gone.delete(previous);
      yield* this.change(previous, row);
    }
    for (const row of gone) yield this.remove(row);
  }

  #put(row: Row): void {
    this.#rows.set(this.#keyOf(row), [...this.alike(row), row]);
  }

  #drop(row: Row): void {
    const rest = this.alike(row).filter((one) => one !== row);
    if (rest.length === 0) this.#rows.delete(this.#keyOf(row));
    else this.#rows.set(this.#keyOf(row), rest);
  }
}
