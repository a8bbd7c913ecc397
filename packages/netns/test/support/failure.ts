/** Awaits a rejection and returns its reason; fails when there is none. */
export async function failure<E = Error & { code: string }>(done: Promise<unknown>): Promise<E> {
  const outcome = await done.then(
    () => ({ hasFailed: false as const }),
    (reason: unknown) => ({ hasFailed: true as const, reason: reason as E }),
  );
  if (!outcome.hasFailed) throw new Error('expected a rejection');
  return outcome.reason;
}
