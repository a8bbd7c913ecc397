/**
 * The base of each package's error class: a stable `code` to branch on, and a mark that other copies of the package know.
 *
 * A subclass sets `name` and `mark`, and exports the guard that {@link guardFor} makes.
 */
export abstract class CodedError<Code extends string> extends Error {
  /** `Symbol.for` of the class's name with its package. */
  declare static readonly mark: symbol;
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, new.target.mark, { value: true });
  }
}

/** Tells whether `error` is of the class, and has one of `codes` when any are given. */
export type ErrorGuard<E extends CodedError<string>> = (error: unknown, ...codes: readonly E['code'][]) => error is E;

/** The guard of an error class. It works across two copies of the class's package in one process. */
export function guardFor<E extends CodedError<string>>({
  mark,
}: {
  readonly mark: symbol;
  readonly prototype: E;
}): ErrorGuard<E> {
  return (error, ...codes): error is E =>
    typeof error === 'object' &&
    error !== null &&
    mark in error &&
    (codes.length === 0 || codes.includes((error as E).code));
}
