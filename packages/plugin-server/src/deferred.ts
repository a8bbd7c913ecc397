/** A promise that is settled from outside. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason: unknown) => void;
}

/** Node 20 has no Promise.withResolvers. */
export function createDeferred<T>(): Deferred<T> {
  let functions: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => (functions = { resolve, reject }));
  return { promise, ...(functions as unknown as Omit<Deferred<T>, 'promise'>) };
}
