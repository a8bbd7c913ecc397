import { basename, join } from 'node:path';
import { readDrift } from '../apply/drift.ts';
import { openTarget } from '../apply/target.ts';
import { QuaggaError } from '../errors.ts';
import { readRaw } from '../apply/raw.ts';
import { ownedPart } from '../plan/ownership.ts';
import type { RenderedConfig, RenderedFile } from '../render/config.ts';
import { type SectionDifference, canonicalTree, diffTrees, formatDifferences } from '../text/diff.ts';
import { type ConfigTree, mergeTrees, parseConfig } from '../text/parse.ts';
import { readRunning } from '../vty/running.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import { readText } from './findings.ts';
import { CONFIG_DIRS, type TargetFlags, target, toJson, withConfig } from './run.ts';

export interface DiffFlags extends TargetFlags {
  readonly against?: string;
}

/** The rendered file that a path is about, by its name: `backup-ospfd.conf` is about `ospfd.conf`. */
function namesake(config: RenderedConfig, path: string): RenderedFile | undefined {
  return config.files.find((file) => basename(path).endsWith(file.name));
}

interface Current {
  readonly tree: ConfigTree;
  /** What the file says that neither runs nor is wanted. */
  readonly drift: readonly SectionDifference[];
}

/** What stands in the file, or in the folder, or runs. */
async function currentState(
  environment: CliEnvironment,
  config: RenderedConfig,
  flags: DiffFlags,
  wanted: ConfigTree,
): Promise<Current> {
  const { against } = flags;
  if (against === undefined) {
    const { vtyDir, configDir } = target(flags, config.dialect);
    await using daemons = await openTarget({ vtyDir });
    if (daemons.size === 0)
      throw new QuaggaError('VTY_FAILED', `no daemon answers in ${vtyDir}; give --against or --vty-dir`);
    const running = await readRunning(daemons);
    const drift = await readDrift(config, configDir, running);
    // As in a plan: what the model cannot say stays.
    const raw = await readRaw(config, flags.configDir ?? CONFIG_DIRS[config.dialect]);
    return { tree: ownedPart(mergeTrees(running.values()), wanted, raw), drift };
  }
  const names = config.files.map((file) => file.name).filter((name) => name !== 'daemons');
  const paths = (await environment.isDirectory(against)) ? names.map((name) => join(against, name)) : [against];
  const files = await Promise.all(paths.map(async (path) => parseConfig(await readText(environment, path))));
  return { tree: mergeTrees(files), drift: [] };
}

export function diffCommand(
  environment: CliEnvironment,
  path: string | undefined,
  flags: DiffFlags,
): Promise<ExitCode> {
  return withConfig(environment, path, flags, async (config) => {
    const one = flags.against === undefined ? undefined : namesake(config, flags.against);
    const wanted = (one === undefined ? config.files : [one]).filter((file) => file.name !== 'daemons');
    const after = mergeTrees(wanted.map((file) => parseConfig(file.text)));
    const { tree, drift } = await currentState(environment, config, flags, after);
    const differences = diffTrees(canonicalTree(tree), canonicalTree(after));
    environment.write(flags.json === true ? toJson(differences) : formatDifferences(differences));
    if (drift.length > 0)
      environment.complain(
        `warning: the file has lines that are not running; the next start would load them\n${formatDifferences(drift)}`,
      );
    return differences.length + drift.length === 0 ? EXIT.ok : EXIT.differs;
  });
}
