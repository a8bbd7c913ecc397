import { setFlagsFromString } from 'node:v8';

/*
 * V8 lets its space for new objects grow to 48 MB while many containers start, and never gives it back.
 * Source: v8 src/heap/new-spaces.cc `SemiSpaceNewSpace::Grow`.
 */

/** Keeps the space for new objects as it is: a few megabytes, as the start makes it. It still shrinks while there is nothing to do. */
export function holdYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
