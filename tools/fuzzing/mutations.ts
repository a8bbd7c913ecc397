import fc from 'fast-check';

/** Values that programs stumble over; the big ones rarely, for they take the time of a hundred others. */
export const weird: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 100,
    arbitrary: fc.constantFrom<unknown>(
      ...[null, true, false, 0, -1, 1e308, 4294967296, '', ' ', '\0', '\r\n!', [], {}, '__proto__', 'toString', '٣'],
      ...['0.0.0.0', '255.255.255.255', '10.1.0.0/33', '::', 'fe80::1%eth0', '::ffff:1.2.3.4', 'fd00::/129'],
    ),
  },
  { weight: 20, arbitrary: fc.oneof(fc.integer(), fc.double()) },
  { weight: 30, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 20, arbitrary: fc.oneof(fc.ipV4(), fc.ipV6()) },
  { weight: 5, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 20_000 }).map((length) => 'x'.repeat(length)) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 500 }).map((depth) => nested(depth)) },
  { weight: 1, arbitrary: fc.integer({ min: 500, max: 100_000 }).map((depth) => `@nested ${depth}`) },
);

function nested(depth: number): unknown {
  return depth === 0 ? [] : [nested(depth - 1)];
}

/** As JSON; also with values that are nested too deeply to be written by JSON.stringify. */
export function jsonText(value: unknown): string {
  return ((JSON.stringify(value) as string | undefined) ?? '').replace(/"@nested (\d+)"/g, (_, depth: string) => {
    return '['.repeat(Number(depth)) + ']'.repeat(Number(depth));
  });
}

/** A value in place of another; in an object or array, with a name, one more. */
interface Edit {
  readonly value: unknown;
  readonly name: string | undefined;
}

/** Some of these values, with some fields replaced, removed (`undefined`), or added. */
export function mutated(seeds: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    ...seeds.map((seed) => {
      const parts = partsOf(seed);
      const edit = fc.record<Edit>({
        value: fc.oneof(weird, weird, fc.constantFrom(...parts), fc.constant(undefined)),
        name: fc.option(fc.constantFrom('__proto__', 'toString', '', 'x', ...namesIn(parts)), { nil: undefined }),
      });
      const edits = fc.array(fc.tuple(fc.nat(parts.length - 1), edit), { maxLength: 4 });
      return edits.map((chosen) => edited(seed, new Map(chosen), { next: 0 }));
    }),
  );
}

function partsOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(partsOf)] : [value];
}

function namesIn(parts: readonly unknown[]): string[] {
  return parts.flatMap((part) => (typeof part === 'object' && part !== null ? Object.keys(part) : []));
}

function edited(value: unknown, edits: ReadonlyMap<number, Edit>, place: { next: number }): unknown {
  const edit = edits.get(place.next++);
  if (typeof value !== 'object' || value === null) return edit === undefined ? value : edit.value;
  if (edit !== undefined && edit.name === undefined) return edit.value;
  const entries = Object.entries(value).map(([key, part]) => [key, edited(part, edits, place)] as const);
  const more = edit === undefined ? [] : [[edit.name ?? '', edit.value] as const];
  if (Array.isArray(value)) return [...entries, ...more].map(([, part]) => part);
  return Object.fromEntries([...entries, ...more]);
}

const byteEdits = fc.array(
  fc.record({
    at: fc.nat(),
    isAligned: fc.boolean(),
    removed: fc.constantFrom(0, 1, 1, 2, Infinity),
    inserted: fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 3, 4, 127, 128, 255)), { maxLength: 2 }),
  }),
  { maxLength: 6 },
);

/** Some of these bytes, changed in places; aligned, as the lengths of netlink are. */
export function mutatedBytes(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.constantFrom(...seeds), byteEdits).map(([seed, edits]) => {
    const bytes = [...seed];
    for (const { at, isAligned, removed, inserted } of edits) {
      const place = at % Math.max(bytes.length, 1);
      bytes.splice(isAligned ? place & ~3 : place, removed, ...inserted);
    }
    return Uint8Array.from(bytes);
  });
}
