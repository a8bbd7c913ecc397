import type fc from 'fast-check';

/** Something that reads what comes from outside. */
export interface FuzzTarget<Input = unknown> {
  readonly name: string;
  /** What is tried, in a few words. */
  readonly about: string;
  /** What it is tried with. */
  readonly input: fc.Arbitrary<Input>;
  /** Its part of the inputs: those that take long get few. */
  readonly weight: number;
  /** Makes one for a batch of inputs. */
  open(): Promise<OpenTarget<Input>>;
}

/** A target that can be fed. */
export interface OpenTarget<Input> {
  /** Throws, or rejects, for what must not happen: an error that is none of ours. */
  feed(input: Input): void | Promise<void>;
  close?(): Promise<void>;
}

/** Makes a target whose type of input is nobody else's business. */
export function target<Input>(made: FuzzTarget<Input>): FuzzTarget {
  return made;
}

/** A target that needs nothing to be opened. */
export function statelessTarget<Input>(
  made: Omit<FuzzTarget<Input>, 'open'> & { readonly feed: OpenTarget<Input>['feed'] },
): FuzzTarget {
  const { feed, ...rest } = made;
  return target({ ...rest, open: () => Promise.resolve({ feed }) });
}
