const BRAND = Symbol.for('@routed/netfilter/NetfilterError');

/** A firewall program refused what was asked of it. */
export class NetfilterError extends Error {
  override readonly name = 'NetfilterError';
  readonly code = 'FIREWALL_REFUSED';
  /** What the program printed on stderr. */
  readonly programMessage: string;

  constructor(details: { readonly operation: string; readonly programMessage: string }) {
    super(`${details.operation}: ${details.programMessage.trim()} (FIREWALL_REFUSED)`);
    this.programMessage = details.programMessage;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `error` is a {@link NetfilterError}, of this copy of the package or another. */
export function isNetfilterError(error: unknown): error is NetfilterError {
  return typeof error === 'object' && error !== null && BRAND in error;
}
