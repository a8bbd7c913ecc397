import { basename, join } from 'node:path';
import { QuaggaError } from '../errors.ts';
import { ownedPart } from '../plan/ownership.ts';
import type { RenderedConfig, RenderedFile } from '../render/config.ts';
import { canonicalTree, diffTrees, formatDifferences } from '../text/diff.ts';
import { type ConfigTree, mergeTrees, parseConfig } from '../text/parse.ts';
import { openDaemons, readRunning } from '../vty/running.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import { readText } from './findings.ts';
import { type TargetFlags, VTY_DIRS, toJson, withConfig } from './run.ts';

export interface DiffFlags extends TargetFlags {
  readonly against?: string;
}

/** The rendered file that a path is about, by its name: `backup-ospfd.conf` is about `ospfd.conf`. */
function namesake(config: RenderedConfig, path: string): RenderedFile | undefined {
  return config.files.find((file) => basename(path).endsWith(file.name));
}

/** What stands in the file, or in the folder, or runs. */
async function currentTree(
  environment: CliEnvironment,
  config: RenderedConfig,
  flags: DiffFlags,
  wanted: ConfigTree,
): Promise<ConfigTree> {
  const { against } = flags;
  if (against === undefined) {
    await using daemons = await openDaemons(flags.vtyDir ?? VTY_DIRS[config.dialect]);
    if (daemons.size === 0)
      throw new QuaggaError(
        'VTY_FAILED',
        `no daemon answers in ${flags.vtyDir ?? VTY_DIRS[config.dialect]}; give --against or --vty-dir`,
      );
    // As in a plan: what the model cannot say stays.
    return ownedPart(mergeTrees((await readRunning(daemons)).values()), wanted);
  }
  const names = config.files.map((file) => file.name).filter((name) => name !== 'daemons');
  const paths = (await environment.isDirectory(against)) ? names.map((name) => join(against, name)) : [against];
  return mergeTrees(await Promise.all(paths.map(async (path) => parseConfig(await readText(environment, path)))));
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
    const before = await currentTree(environment, config, flags, after);
    const differences = diffTrees(canonicalTree(before), canonicalTree(after));
    environment.write(flags.json === true ? toJson(differences) : formatDifferences(differences));
    return differences.length === 0 ? EXIT.ok : EXIT.differs;
  });
}
