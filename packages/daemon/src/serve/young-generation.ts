import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8's space for new objects as it is now: a start has made it a few megabytes. V8 would let it grow to 48 MB while many
 * containers start, and never give it back. Source: v8 src/heap/new-spaces.cc `SemiSpaceNewSpace::Grow`.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
