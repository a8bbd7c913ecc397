/** As many containers as Docker starts or removes at once on one host. */
const AT_ONCE = 8;

/** Gives every item to `work`, to eight calls of it at once. */
export async function inParallel<Item>(
  items: IterableIterator<Item>,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  // All take from the one iterator.
  const takeTurns = async (): Promise<void> => {
    for (const item of items) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
}
