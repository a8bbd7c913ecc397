import type { VtyDaemon } from '../render/config.ts';
import type { Effect } from './effects.ts';

/** One line of one daemon that has to change. Lines may hold secrets: redact before showing. */
export interface Change {
  readonly daemon: VtyDaemon;
  /** Headers that lead to the context of the line. */
  readonly path: readonly string[];
  readonly before?: string;
  readonly after?: string;
  readonly effect: Effect;
  readonly reason: string;
  readonly phase: number;
  /** The daemon does not overwrite the old line. */
  readonly removeFirst?: true;
  /** The effect depends on the routes that there are. */
  readonly isPolicy?: true;
  /** A step on the way that neither the running nor the wanted configuration has. */
  readonly temporary?: true;
}

/** The change with an effect that no longer depends on routes. */
export function withoutMark({ isPolicy, ...change }: Change): Change {
  return isPolicy === true ? change : { ...change };
}

/**
 * New definitions come before their uses, and old uses go before old definitions. `clear` is for lines that the
 * daemon refuses beside their replacement.
 */
export const PHASE = {
  define: 0,
  detour: 1,
  redefine: 2,
  restore: 3,
  clear: 4,
  use: 5,
  release: 6,
  undefine: 7,
} as const;
