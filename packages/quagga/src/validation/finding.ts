import type { Diagnostic, FieldPath } from '../errors.ts';

export function fault(path: FieldPath, message: string): Diagnostic {
  return { severity: 'error', path, message };
}

export function caution(path: FieldPath, message: string): Diagnostic {
  return { severity: 'warning', path, message };
}

/** The entries of an optional record, in a fixed order. */
export function sortedEntries<T>(record: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.entries(record ?? {}).sort(([a], [b]) => compareText(a, b));
}

/** The daemons take a prefix of a list once, whatever else is said with it. */
export function listedTwice(path: FieldPath, items: readonly { readonly prefix: string }[] | undefined): Diagnostic[] {
  return (items ?? []).flatMap(({ prefix }, index, all) =>
    all.findIndex((other) => other.prefix === prefix) === index
      ? []
      : [fault([...path, index, 'prefix'], `${prefix} is listed twice; remove one of them`)],
  );
}

/** Byte order, the same in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** What a record says under a name; `constructor` and the like are names as any other. */
export function lookUp<T>(record: Readonly<Record<string, T>> | undefined, name: string | undefined): T | undefined {
  return record !== undefined && name !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** A summary of everything is the default route, and draws all traffic of its neighbors here. */
export function defaultRoutes(
  path: FieldPath,
  items: readonly { readonly prefix: string }[] | undefined,
): Diagnostic[] {
  return (items ?? []).flatMap(({ prefix }, index) =>
    prefix.endsWith('/0')
      ? [fault([...path, index, 'prefix'], 'is the default route; give the prefix that holds the containers')]
      : [],
  );
}
