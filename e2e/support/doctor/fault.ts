import type { Finding, ExaminedHost } from './examined-host.ts';

/** One way in which a host is wrong, made for real. */
export interface Fault {
  /** The check that must name it. */
  readonly check: string;
  /** What is wrong, to read behind "names". */
  readonly what: string;
  readonly severity: Finding['severity'];
  readonly found: RegExp;
  readonly why: RegExp;
  readonly remedy: RegExp;
  /** Those of one round are made together; without, it is one of its own. */
  readonly round?: string;
  /** What `--fix` does about it. */
  readonly fix?: Fix;
  break(examined: ExaminedHost): Promise<unknown>;
  revert(examined: ExaminedHost): Promise<unknown>;
  /** Checks that rightly find something as well. */
  readonly also?: readonly string[];
  /** For the command. */
  readonly options?: string;
  /** Before the command, as in `A=b routed-plugin doctor`. */
  readonly environment?: string;
}

/** What `--fix` changes, and what `--undo` brings back. */
export interface Fix {
  /** Fixes of one batch are made together. */
  readonly batch: string;
  /** A script that prints the state, before and after. */
  readonly state: string;
  readonly fixed: RegExp;
  /** What `--fix` says that it has changed. */
  readonly says: RegExp;
  /** `--undo` leaves it as it is. */
  readonly isForGood?: boolean;
}

/** A fault that one script makes and another reverts. */
export function bySh(
  fault: Omit<Fault, 'break' | 'revert'> & { readonly breaking: string; readonly reverting: string },
): Fault {
  const { breaking, reverting, ...rest } = fault;
  return { ...rest, break: (examined) => examined.sh(breaking), revert: (examined) => examined.sh(reverting) };
}
