import { join } from 'node:path';
import { ownedPart } from '../plan/ownership.ts';
import { tryOnFrr } from '../check/check.ts';
import type { DaemonName, RenderedConfig } from '../render/config.ts';
import { type SectionDifference, canonicalTree, diffTrees } from '../text/diff.ts';
import { type ConfigTree, mergeTrees, parseConfig } from '../text/parse.ts';
import { rawPart } from '../text/raw.ts';
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
  return driftOf(parseConfig(text), mergeTrees(running.values()), parseConfig(file.text), rawPart(text));
}

/**
 * What the next start of FRR would change: compares its file, as real daemons read it in a throw-away namespace, with
 * what runs in these daemons. They start only when the texts differ; then it needs root, and about 0.5 s.
 * @throws {@link QuaggaError} `CHECKER_REFUSED`: the file would not load; `CHECKER_MISSING`
 */
export async function compareWithFile(
  configDir: string,
  running: ConfigTree,
  daemons: readonly DaemonName[],
): Promise<SectionDifference[]> {
  const { text, mode = 0o640 } = await findFile(join(configDir, 'frr.conf'));
  if (text === undefined) return [];
  const own = canonicalTree(running);
  if (diffTrees(own, canonicalTree(parseConfig(text))).length === 0) return [];
  const config: RenderedConfig = { dialect: 'frr', files: [{ name: 'frr.conf', text, mode }], daemons };
  const loaded = [...(await tryOnFrr(config))].filter(([name]) => daemons.some((daemon) => daemon === name));
  return diffTrees(own, canonicalTree(mergeTrees(loaded.map(([, tree]) => tree))));
}

export function driftOf(
  found: ConfigTree,
  running: ConfigTree,
  rendered: ConfigTree,
  raw?: ConfigTree,
): SectionDifference[] {
  const own = canonicalTree(ownedPart(found, rendered, raw));
  const known = canonicalTree(mergeTrees([running, rendered]));
  return diffTrees(known, own).flatMap(({ path, added }) => (added.length === 0 ? [] : [{ path, removed: [], added }]));
}
