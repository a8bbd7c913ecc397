import type { EngineRelease } from '@routed/lab';
import { IS_FULL } from '../attack/support/count.ts';

const everyEngine: readonly EngineRelease[] = ['20.10', '26', '28'];

/** The Docker releases that this run is about, the oldest first: `ROUTED_E2E_ENGINES`, a list with commas, or `all`. */
export const ENGINES: readonly EngineRelease[] = parseEngines(process.env['ROUTED_E2E_ENGINES'] ?? '20.10');

function parseEngines(text: string): readonly EngineRelease[] {
  if (text === 'all') return everyEngine;
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => !everyEngine.some((release) => release === name))) {
    throw new RangeError(`ROUTED_E2E_ENGINES=${text}: expected "all", or some of ${everyEngine.join(',')}`);
  }
  return everyEngine.filter((release) => names.includes(release));
}

/**
 * For long stories in which the releases between the oldest and the newest have shown nothing of their own: those two,
 * unless one between them is all that is asked for.
 */
export const ENGINES_AT_THE_ENDS: readonly EngineRelease[] =
  ENGINES.length === 1 ? ENGINES : ENGINES.filter((release) => release !== '26');

/** For stories that are the same on every release: the newest, and with `ROUTED_ATTACK=all` each of them. */
export const NEWEST_OR_EACH: readonly EngineRelease[] = IS_FULL ? ENGINES : ENGINES.slice(-1);

/** The same where the oldest may differ more: that one, and with `ROUTED_ATTACK=all` each of them. */
export const OLDEST_OR_EACH: readonly EngineRelease[] = IS_FULL ? ENGINES : ENGINES.slice(0, 1);

/** The releases on which every story is told; on the others only those that depend on the release. */
export const ENGINES_IN_FULL: readonly EngineRelease[] = ENGINES.filter((release) => release === '20.10');
