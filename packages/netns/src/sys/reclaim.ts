/**
 * Descriptors whose owner nobody holds any more. Closing is what a program should do: garbage is collected late, or never in a process
 * that allocates little.
 */
const lost = new FinalizationRegistry<() => void>((close) => close());

/**
 * Has `close` called when `owner` is garbage, unless {@link keepOpen} comes first.
 *
 * @param close - must not lead to `owner`, or it is never garbage
 */
export function closeWhenLost(owner: object, close: () => void): void {
  lost.register(owner, close, owner);
}

/** For an owner that closes by itself: the number of its descriptor may be another's afterwards. */
export function keepOpen(owner: object): void {
  lost.unregister(owner);
}
