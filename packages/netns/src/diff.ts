/** What two lists differ in. */
export interface Difference<Desired, Actual> {
  /** Desired, and not there; in the order of the desired ones. */
  readonly missing: readonly Desired[];
  /** There, and other than desired. */
  readonly changed: readonly { readonly desired: Desired; readonly actual: Actual }[];
  /** There, and not desired. */
  readonly surplus: readonly Actual[];
}

/**
 * Compares what is desired with what the kernel has. Pure.
 *
 * Of several items with one key, on either side, the first counts and the others are passed over.
 *
 * @param keyOf - tells which object an item is, such as the destination, table and metric of a route
 * @param isSame - whether two items with one key need no change. Default: the key says everything.
 */
export function diff<Desired extends Item, Actual extends Item, Item>(
  desired: readonly Desired[],
  actual: readonly Actual[],
  keyOf: (item: Item) => string,
  isSame: (desired: Desired, actual: Actual) => boolean = () => true,
): Difference<Desired, Actual> {
  if (isAlike(desired, actual, keyOf, isSame)) return { missing: [], changed: [], surplus: [] };
  const wanted = firstByKey(desired, keyOf);
  const found = firstByKey(actual, keyOf);
  const changed: { desired: Desired; actual: Actual }[] = [];
  for (const [key, item] of wanted) {
    const match = found.get(key);
    if (match !== undefined && !isSame(item, match)) changed.push({ desired: item, actual: match });
  }
  return { missing: without(wanted, found), changed, surplus: without(found, wanted) };
}

/** Whether the lists agree place by place, as most do where nobody changed anything: to find that out costs no map. */
function isAlike<Desired extends Item, Actual extends Item, Item>(
  desired: readonly Desired[],
  actual: readonly Actual[],
  keyOf: (item: Item) => string,
  isSame: (desired: Desired, actual: Actual) => boolean,
): boolean {
  if (desired.length !== actual.length) return false;
  return desired.every((item, place) => {
    const other = actual[place];
    return other !== undefined && keyOf(item) === keyOf(other) && isSame(item, other);
  });
}

function firstByKey<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item> {
  const byKey = new Map<string, Item>();
  for (const item of items) {
    const key = keyOf(item);
    if (!byKey.has(key)) byKey.set(key, item);
  }
  return byKey;
}

function without<Item>(items: ReadonlyMap<string, Item>, others: ReadonlyMap<string, unknown>): Item[] {
  return [...items].filter(([key]) => !others.has(key)).map(([, item]) => item);
}
