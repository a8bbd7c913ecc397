import { closest } from './closest.ts';
import { show } from './show.ts';

/** What is wrong with an argument. */
export interface Complaint {
  /** Path of the field: `peer.name`. */
  readonly field: string;
  readonly reason: string;
}

/** Says what is wrong with a value, if anything is. Of exactly the type that `T` says: see {@link Fields}. */
export interface Check<T> {
  (value: unknown, field: string): Complaint | undefined;
  readonly isOptional?: boolean;
  /** Never there: makes checks of different types differ for the compiler. */
  readonly type?: (value: T) => T;
}

/** A check of a field that may be absent. */
export interface OptionalCheck<T> extends Check<T> {
  readonly isOptional: true;
}

/**
 * A check for every field of `T`, and for no other: the compiler refuses a table that lacks one, has one too many, takes
 * another type, or leaves out what `T` asks for. So what is checked at run time cannot differ from the type.
 */
export type Fields<T> = {
  readonly [Key in keyof T]-?: Partial<Pick<T, Key>> extends Pick<T, Key>
    ? OptionalCheck<Exclude<T[Key], undefined>>
    : Check<T[Key]>;
};

function say(
  expected: string,
  accepts: (value: unknown) => boolean,
): (value: unknown, field: string) => Complaint | undefined {
  return (value, field) => (accepts(value) ? undefined : { field, reason: `${show(value)} is not ${expected}` });
}

export const flag: Check<boolean> = say('true or false', (value) => typeof value === 'boolean');
export const text: Check<string> = say('a text', (value) => typeof value === 'string');
export const callback: Check<(line: string) => void> = say('a function', (value) => typeof value === 'function');

/** A whole number in a range, both ends included. */
export function whole(low: number, high: number): Check<number> {
  const accepts = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= low && Number(value) <= high;
  return say(`a whole number from ${low} to ${high}`, accepts);
}

/** One of a few words or numbers. */
export function among<const T extends string | number>(...values: readonly T[]): Check<T> {
  return say(`one of ${values.join(', ')}`, (value) => (values as readonly unknown[]).includes(value));
}

/** An object of this library, told by a method that it has. */
export function having<T extends object>(method: string, expected: string): Check<T> {
  return say(
    expected,
    (value) => isObject(value) && typeof (value as Partial<Record<string, unknown>>)[method] === 'function',
  );
}

/** A list of values that each pass `check`. */
export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value, field) => {
    if (!Array.isArray(value)) return { field, reason: `${show(value)} is not a list` };
    return value.map((item: unknown) => check(item, field)).find((complaint) => complaint !== undefined);
  };
}

/** A list of values that are checked elsewhere. */
export function list<T>(): Check<readonly T[]> {
  return say('a list', Array.isArray);
}

/** Takes `undefined` for absent. */
export function optional<T>(check: Check<T>): OptionalCheck<T> {
  const checked = (value: unknown, field: string): Complaint | undefined =>
    value === undefined ? undefined : check(value, field);
  return Object.assign(checked, { isOptional: true } as const);
}

/**
 * An object with these fields and no others.
 *
 * @param passedOver - fields that are taken but mean nothing here: of an object that a list gave out
 */
export function object<T extends object>(fields: Fields<T>, passedOver: readonly string[] = []): Check<T> {
  const checks = new Map<string, Check<never> | undefined>([
    ...passedOver.map((name) => [name, undefined] as const),
    ...Object.entries<Check<never>>(fields as never),
  ]);
  const names = Object.keys(fields);
  const required = names.filter((name) => checks.get(name)?.isOptional !== true);
  return (value, field) => {
    if (!isObject(value)) return { field, reason: `${show(value)} is not an object with ${names.join(', ')}` };
    for (const name of Object.keys(value)) {
      if (!checks.has(name)) return unknownField(pathOf(field, name), name, names);
      const complaint = checks.get(name)?.((value as Record<string, unknown>)[name], pathOf(field, name));
      if (complaint !== undefined) return complaint;
    }
    const missing = required.find((name) => (value as Record<string, unknown>)[name] === undefined);
    return missing === undefined
      ? undefined
      : { field: pathOf(field, missing), reason: `${pathOf(field, missing)} is missing` };
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pathOf(parent: string, name: string): string {
  return parent === '' ? name : `${parent}.${name}`;
}

function unknownField(field: string, name: string, names: readonly string[]): Complaint {
  const meant = closest(name, names);
  const advice = meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`;
  return { field: field.slice(0, 60), reason: `unknown field ${show(name)}; ${advice}` };
}
