import { join } from 'node:path';
import { ownedPart } from '../plan/ownership.ts';
import type { RenderedConfig } from '../render/config.ts';
import { type SectionDifference, canonicalTree, diffTrees } from '../text/diff.ts';
import { type ConfigTree, mergeTrees, parseConfig } from '../text/parse.ts';
import type { RunningConfig } from '../vty/running.ts';
import { findFile } from './files.ts';

/** Lines that stand in a file, neither run nor are wanted, and would run after the next start. */
export async function readDrift(
  config: RenderedConfig,
  configDir: string | undefined,
  running: RunningConfig,
): Promise<SectionDifference[]> {
  const file = config.files.find(({ name }) => name === 'frr.conf');
  if (configDir === undefined || file === undefined) return [];
  const { text = '' } = await findFile(join(configDir, file.name));
  return driftOf(parseConfig(text), mergeTrees(running.values()), parseConfig(file.text));
}

export function driftOf(found: ConfigTree, running: ConfigTree, rendered: ConfigTree): SectionDifference[] {
  const own = canonicalTree(ownedPart(found, rendered));
  const known = canonicalTree(mergeTrees([running, rendered]));
  return diffTrees(known, own).flatMap(({ path, added }) => (added.length === 0 ? [] : [{ path, removed: [], added }]));
}
