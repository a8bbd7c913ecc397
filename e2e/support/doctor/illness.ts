import type { Finding, Ward } from './ward.ts';

/** One way in which a host is wrong, made for real. */
export interface Illness {
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
  readonly cure?: Cure;
  break(ward: Ward): Promise<unknown>;
  heal(ward: Ward): Promise<unknown>;
  /** Checks that rightly find something as well. */
  readonly also?: readonly string[];
  /** For the command. */
  readonly options?: string;
  /** Before the command, as in `A=b routed-plugin doctor`. */
  readonly environment?: string;
}

/** What `--fix` changes and `--undo` brings back. */
export interface Cure {
  /** Cures of one batch are made together. */
  readonly batch: string;
  /** A script that prints the state, before and after. */
  readonly state: string;
  readonly cured: RegExp;
  /** What `--fix` says that it has changed. */
  readonly says: RegExp;
  /** `--undo` leaves it as it is. */
  readonly isForGood?: boolean;
}

/** An illness that a script makes, and another one ends. */
export function bySh(
  illness: Omit<Illness, 'break' | 'heal'> & { readonly breaking: string; readonly healing: string },
): Illness {
  const { breaking, healing, ...rest } = illness;
  return { ...rest, break: (ward) => ward.sh(breaking), heal: (ward) => ward.sh(healing) };
}
