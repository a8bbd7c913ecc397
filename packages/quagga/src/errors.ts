import { CodedError, type ErrorGuard, guardFor } from '@routed/text';

/** What went wrong, as a stable value to branch on. */
export type QuaggaErrorCode =
  | 'INVALID_INPUT'
  | 'UNSUPPORTED'
  | 'CHECKER_REFUSED'
  | 'CHECKER_MISSING'
  | 'VTY_FAILED'
  | 'APPLY_FAILED'
  | 'ROLLBACK_FAILED';

/** Where a value sits in the input: `['interfaces', 'eth1', 'ospf', 'cost']`. */
export type FieldPath = readonly (string | number)[];

/** One finding about one field. The message names the fix and never contains a secret. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly path: FieldPath;
  readonly message: string;
}

/** Every failure of this library. `diagnostics` is empty unless the input is at fault. */
export class QuaggaError extends CodedError<QuaggaErrorCode> {
  static override readonly mark = Symbol.for('@routed/quagga/QuaggaError');
  override readonly name = 'QuaggaError';
  readonly diagnostics: readonly Diagnostic[];

  constructor(
    code: QuaggaErrorCode,
    message: string,
    options: ErrorOptions & { diagnostics?: readonly Diagnostic[] } = {},
  ) {
    super(code, message, options);
    this.diagnostics = options.diagnostics ?? [];
  }
}

/** True for an error of this library, also when two copies of it are loaded. */
export const isQuaggaError: ErrorGuard<QuaggaError> = guardFor(QuaggaError);

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `interfaces.eth1.ospf.cost`, `bgp.neighbors[0].address`; interface names with dots are quoted. */
export function formatPath(path: FieldPath): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!/^[\w-]+$/.test(key)) return `[${JSON.stringify(key)}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join('');
}
