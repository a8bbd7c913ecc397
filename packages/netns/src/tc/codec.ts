import type { AttributeSet } from '../attributes/attribute-set.ts';
import type { Complaint } from '../check/check.ts';

/** What a kind of object is told: checked, encoded and decoded (`TCA_OPTIONS`). */
export interface Codec<T> extends Pick<AttributeSet<T>, 'fields' | 'encode' | 'decode'> {
  /** What is wrong with fields that are right each by itself. */
  readonly verify?: (value: T) => Complaint | undefined;
}

/** A codec for each kind. */
export type Codecs<Kinds> = { readonly [Kind in keyof Kinds]: Codec<Kinds[Kind]> };
