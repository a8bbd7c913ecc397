import { type ConfigTree, mergeTrees } from '../text/parse.ts';
import { redactLine } from '../text/redact.ts';
import type { RunningConfig } from '../vty/running.ts';

/**
 * What is wrong with raw lines that daemons have read without complaint. A line that they do not show again can neither
 * be compared with a running router nor be removed from it: it says a default, is spelled in another way, or says
 * otherwise than the model.
 */
export function lostRawLines(raw: ConfigTree, loaded: RunningConfig): string[] {
  const shown = mergeTrees(loaded.values());
  return [...raw].flatMap(([key, { path, lines }]) => {
    const present = new Set(shown.get(key)?.lines);
    const where = ['raw', ...path].join(' / ');
    return lines
      .filter((line) => !present.has(line))
      .map((line) => `${where}: ${redactLine(line)}: the daemons do not show this line; ${REMEDY}`);
  });
}

const REMEDY = 'write it as "show running-config" does, and leave out defaults and what other fields say';
