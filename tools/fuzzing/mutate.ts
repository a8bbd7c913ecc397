import fc from 'fast-check';

/** Values that programs stumble over; the big ones rarely, for they take the time of a hundred others. */
export const weird: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.constantFrom<unknown>(null, true, false, 0, -1, 1e308, 4294967296, '', ' ', '\0', '\r\n!'),
  },
  {
    weight: 40,
    arbitrary: fc.constantFrom<unknown>(
      ...['__proto__', 'toString', '0.0.0.0', '255.255.255.255', '::', 'fe80::1%eth0'],
    ),
  },
  { weight: 20, arbitrary: fc.constantFrom<unknown>([], {}, '10.1.0.0/33', '::ffff:1.2.3.4', 'fd00::/129', '٣') },
  { weight: 10, arbitrary: fc.integer() },
  { weight: 10, arbitrary: fc.double() },
  { weight: 20, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 10, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 10, arbitrary: fc.ipV4() },
  { weight: 10, arbitrary: fc.ipV6() },
  { weight: 5, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 20_000 }).map((length) => 'x'.repeat(length)) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 500 }).map((depth) => nested(depth)) },
  { weight: 1, arbitrary: fc.integer({ min: 500, max: 100_000 }).map((depth) => `@nested ${depth}`) },
);

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

/** As JSON; also with values that are nested too deeply to be written by JSON.stringify. */
export function jsonText(value: unknown): string {
  return ((JSON.stringify(value) as string | undefined) ?? '').replace(/"@nested (\d+)"/g, (_, depth: string) => {
    return '['.repeat(Number(depth)) + ']'.repeat(Number(depth));
  });
}

interface Edit {
  readonly place: number;
  readonly kind: 'remove' | 'replace' | 'rename' | 'repeat' | 'swap';
  readonly value: unknown;
}

const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    place: fc.nat(),
    kind: fc.constantFrom<Edit['kind']>('remove', 'replace', 'replace', 'rename', 'repeat', 'swap'),
    value: weird,
  }),
  { maxLength: 4 },
);

type Container = Record<string, unknown> | unknown[];

/** Some of these values, with some fields otherwise than they were. */
export function mutated(seeds: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.tuple(fc.constantFrom(...seeds), edits).map(([seed, changes]) => {
    const root = { root: structuredClone(seed) };
    for (const change of changes) apply(root, change);
    return root.root;
  });
}

function apply(root: { root: unknown }, { place, kind, value }: Edit): void {
  const places = placesOf(root);
  const [holder, key] = places[place % places.length] ?? [root, 'root'];
  const [other, otherKey] = places[(place >>> 8) % places.length] ?? [root, 'root'];
  if (kind === 'replace' || holder === root) write(holder, key, value);
  else if (kind === 'remove') remove(holder, key);
  else if (kind === 'rename') write(holder, typeof value === 'string' ? value : key, read(holder, key));
  else if (kind === 'swap') write(holder, key, structuredClone(read(other, otherKey)));
  else if (Array.isArray(holder)) holder.push(structuredClone(read(holder, key)));
}

/** Every field and item below, at most this many: nested values need not be taken apart to the end. */
const MOST_PLACES = 200;

function placesOf(root: Container): [Container, string][] {
  const places: [Container, string][] = [];
  const waiting: Container[] = [root];
  for (const holder of waiting) {
    for (const [key, value] of Object.entries(holder)) {
      if (places.length >= MOST_PLACES) return places;
      places.push([holder, key]);
      if (typeof value === 'object' && value !== null) waiting.push(value as Container);
    }
  }
  return places;
}

function read(holder: Container, key: string): unknown {
  return (holder as Record<string, unknown>)[key];
}

function write(holder: Container, key: string, value: unknown): void {
  // An own field, whatever its name.
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function remove(holder: Container, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else Reflect.deleteProperty(holder, key);
}

interface ByteEdit {
  readonly place: number;
  readonly kind: 'set' | 'insert' | 'remove' | 'cut' | 'length';
  readonly value: number;
}

const byteEdits: fc.Arbitrary<ByteEdit[]> = fc.array(
  fc.record({
    place: fc.nat(),
    kind: fc.constantFrom<ByteEdit['kind']>('set', 'set', 'insert', 'remove', 'cut', 'length'),
    value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 3, 4, 127, 128, 255)),
  }),
  { maxLength: 6 },
);

/** Some of these bytes, changed in places; also sixteen-bit lengths. */
export function mutatedBytes(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.constantFrom(...seeds), byteEdits).map(([seed, changes]) => {
    const bytes = [...seed];
    for (const { place, kind, value } of changes) {
      const at = place % Math.max(bytes.length, 1);
      if (kind === 'set') bytes[at] = value;
      else if (kind === 'insert') bytes.splice(at, 0, value);
      else if (kind === 'remove') bytes.splice(at, 1);
      else if (kind === 'cut') bytes.length = at;
      else bytes.splice(at & ~3, 2, value, 0);
    }
    return Uint8Array.from(bytes);
  });
}
