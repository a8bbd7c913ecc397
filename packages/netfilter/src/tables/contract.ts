import type { Counter } from '../codec/set-elements.ts';
import type { NFPROTO } from '../uapi/nf-tables.ts';
import type { Key, KeyField } from './key-fields.ts';

/** Families of tables: `inet` is both of IPv4 and IPv6. */
export type TableFamily = keyof typeof NFPROTO;

/** A table of the caller's. */
export interface TableReference {
  readonly family: TableFamily;
  readonly table: string;
}

/** What a set is made of. */
export interface SetSpec {
  /** 1 to 31 of letters, digits, `_`, `-`, `.`; a letter or `_` first. */
  readonly name: string;
  /** One to five, such as `['link', 'ipv4', 'protocol', 'port']`. */
  readonly fields: readonly KeyField[];
  /** Whether elements may go by themselves. */
  readonly hasTimeouts?: boolean;
  /** How long those added without a time-out of their own stay, 1 ms and more. With it, the set has time-outs. */
  readonly timeoutMs?: number;
  /** Whether the kernel counts, for each element, the packets that a rule finds in the set. */
  readonly hasCounters?: boolean;
  /** 1 to 4294967295; the kernel refuses more elements (ENFILE). Without it, there is no limit. */
  readonly maxElements?: number;
}

/** A set as it is in the kernel; `fields` is absent if it has fields that this library does not know. */
export type SetState = Partial<Pick<SetSpec, 'fields' | 'timeoutMs' | 'maxElements'>> &
  Required<Pick<SetSpec, 'name' | 'hasTimeouts' | 'hasCounters'>>;

/** An element to add. */
export interface NewElement {
  readonly key: Key;
  /** 1 ms to 365 days; without it as the set says. */
  readonly timeoutMs?: number;
}

/** An element as it is in the kernel. */
export interface SetMember extends NewElement {
  /** Absent for one that stays. */
  readonly expiresInMs?: number;
  /** Present in sets with counters. */
  readonly counter?: Counter;
}

/** A part of a transaction, made by a {@link NamedSet}. */
export interface Step {
  readonly messages: readonly Uint8Array[];
}

/**
 * A named set. Its changes are one transaction each and start no process; the cost does not depend on how many elements there are.
 * Everything rejects with NetlinkError for what the kernel refuses, and NetfilterError `SET_INVALID` for keys that do not fit.
 */
export interface NamedSet {
  readonly name: string;
  readonly fields: readonly KeyField[];
  /** Elements that are there already begin anew: with this time-out, and with a counter at zero. Nothing happens for an empty list. */
  add(elements: readonly NewElement[]): Promise<void>;
  /** Those that are not there do not matter. */
  delete(keys: readonly Key[]): Promise<void>;
  flush(): Promise<void>;
  /** Gives the set exactly these elements; rules see the old ones or the new ones, never fewer. */
  replace(elements: readonly NewElement[]): Promise<void>;
  /** The elements, in no order. */
  list(): Promise<SetMember[]>;
  /** The same changes, for {@link NfTable.transaction}. Keys are checked here. */
  readonly steps: {
    add(elements: readonly NewElement[]): Step;
    delete(keys: readonly Key[]): Step;
    flush(): Step;
  };
}

/** A table of nf_tables that belongs to the caller: its sets, and its rules as text. */
export interface NfTable {
  /** Creates the table unless it is there. */
  ensure(): Promise<void>;
  /** Deletes it with all its sets, chains and rules. @returns false if there was none */
  delete(): Promise<boolean>;
  /**
   * Creates a set, and the table, unless they are there.
   *
   * @throws NetfilterError `SET_INVALID` for a specification that cannot be, and for a set of that name that is another: delete it first
   */
  ensureSet(spec: SetSpec): Promise<NamedSet>;
  /** @returns false if there was none. @throws NetlinkError `EBUSY` while a rule looks into it */
  deleteSet(name: string): Promise<boolean>;
  /** The named sets of the table; none without the table. Maps are left out. */
  sets(): Promise<SetState[]>;
  /** Makes all changes, or none. */
  transaction(steps: readonly Step[]): Promise<void>;
}
