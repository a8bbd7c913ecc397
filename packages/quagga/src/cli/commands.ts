import { basename, join } from 'node:path';
import { applyConfiguration, planConfiguration } from '../apply/apply.ts';
import { describeChange } from '../apply/execute.ts';
import { writeFiles } from '../apply/files.ts';
import { checkConfiguration, checkSyntax } from '../check/check.ts';
import { QuaggaError, isQuaggaError } from '../errors.ts';
import type { Change } from '../plan/change.ts';
import type { Effect } from '../plan/effects.ts';
import { type Dialect, documentJsonSchema } from '../preset/document.ts';
import type { RenderedConfig, RenderedFile } from '../render/render.ts';
import { canonicalTree, diffTrees, formatDifferences } from '../text/diff.ts';
import { type ConfigTree, mergeTrees, parseConfig } from '../text/parse.ts';
import { openDaemons, readRunning } from '../vty/running.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import { type Input, type InputFlags, complain, readInput, renderInput } from './input.ts';
import { proposeDocument } from './propose.ts';

export interface TargetFlags extends InputFlags {
  readonly vtyDir?: string;
  readonly configDir?: string;
  readonly daemonDir?: string;
  readonly json?: boolean;
}

export const VTY_DIRS = { frr: '/run/frr', quagga: '/run/quagga' } as const;
export const CONFIG_DIRS = { frr: '/etc/frr', quagga: '/etc/quagga' } as const;

const CODES: Partial<Record<QuaggaError['code'], ExitCode>> = {
  INVALID_INPUT: EXIT.invalidInput,
  UNSUPPORTED: EXIT.invalidInput,
  CHECKER_REFUSED: EXIT.refused,
  CHECKER_MISSING: EXIT.checkerMissing,
  APPLY_FAILED: EXIT.notApplied,
  ROLLBACK_FAILED: EXIT.rollbackFailed,
  VTY_FAILED: EXIT.unreachable,
};

type Work = (config: RenderedConfig, input: Input) => Promise<ExitCode>;

/** Reads, renders and goes on; every error of the library becomes an exit status. */
async function withConfig(
  environment: CliEnvironment,
  path: string | undefined,
  flags: InputFlags,
  work: Work,
): Promise<ExitCode> {
  const input = await readInput(environment, path, flags);
  if (typeof input === 'number') return input;
  const config = renderInput(environment, input);
  if (typeof config === 'number') return config;
  try {
    return await work(config, input);
  } catch (error) {
    if (!isQuaggaError(error)) throw error;
    complain(environment, error, input.source);
    return CODES[error.code] ?? EXIT.invalidInput;
  }
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

export interface RenderFlags extends InputFlags {
  readonly output?: string;
  readonly file?: string;
  readonly json?: boolean;
}

/** One file is printed as it is; several, or the daemons file, each after a comment with its name. */
function printable(config: RenderedConfig): string {
  const shown = config.files.filter((file) => file.name !== 'daemons');
  if (shown.length === 1) return shown[0]?.text ?? '';
  return shown.map((file) => `! ${file.name}\n${file.text}`).join('!\n');
}

export function renderCommand(
  environment: CliEnvironment,
  path: string | undefined,
  flags: RenderFlags,
): Promise<ExitCode> {
  return withConfig(environment, path, flags, async (config) => {
    const wanted = flags.file === undefined ? config.files : config.files.filter((file) => file.name === flags.file);
    if (wanted.length === 0) {
      environment.complain(
        `error: there is no ${flags.file ?? ''}; this renders ${config.files.map((file) => file.name).join(', ')}\n`,
      );
      return EXIT.invalidInput;
    }
    if (flags.output !== undefined) await writeFiles(flags.output, wanted);
    else if (flags.json === true)
      environment.write(toJson({ dialect: config.dialect, daemons: config.daemons, files: wanted }));
    else environment.write(flags.file === undefined ? printable(config) : (wanted[0]?.text ?? ''));
    return EXIT.ok;
  });
}

export interface CheckFlags extends TargetFlags {
  readonly checker?: 'auto' | 'none' | 'vtysh' | 'daemons';
}

export function checkCommand(
  environment: CliEnvironment,
  path: string | undefined,
  flags: CheckFlags,
): Promise<ExitCode> {
  return withConfig(environment, path, flags, async (config, { document }) => {
    const checker =
      flags.checker === undefined || flags.checker === 'auto' ? strongest(config.dialect, environment) : flags.checker;
    const options = flags.daemonDir === undefined ? {} : { daemonDir: flags.daemonDir };
    if (checker === 'daemons') await checkConfiguration(config, options);
    if (checker === 'vtysh') await checkSyntax(config.files.find((file) => file.name === 'frr.conf')?.text ?? '');
    const result = { accepted: true, checker, warnings: document.warnings };
    environment.write(
      flags.json === true ? toJson(result) : `accepted (${checker === 'none' ? 'model rules' : checker})\n`,
    );
    return EXIT.ok;
  });
}

function strongest(dialect: Dialect, environment: CliEnvironment): 'daemons' | 'vtysh' {
  return dialect === 'quagga' || environment.isRoot ? 'daemons' : 'vtysh';
}

export interface DiffFlags extends TargetFlags {
  readonly against?: string;
}

/** The rendered file that a path is about, by its name: `backup-ospfd.conf` is about `ospfd.conf`. */
function namesake(config: RenderedConfig, path: string): RenderedFile | undefined {
  return config.files.find((file) => basename(path).endsWith(file.name));
}

/** What stands in the file, or in the folder, or runs. */
async function currentTree(environment: CliEnvironment, config: RenderedConfig, flags: DiffFlags): Promise<ConfigTree> {
  const { against } = flags;
  if (against === undefined) {
    await using daemons = await openDaemons(flags.vtyDir ?? VTY_DIRS[config.dialect]);
    if (daemons.size === 0)
      throw new QuaggaError(
        'VTY_FAILED',
        `no daemon answers in ${flags.vtyDir ?? VTY_DIRS[config.dialect]}; give --against or --vty-dir`,
      );
    return mergeTrees((await readRunning(daemons)).values());
  }
  const names = config.files.map((file) => file.name).filter((name) => name !== 'daemons');
  const paths = (await environment.isDirectory(against)) ? names.map((name) => join(against, name)) : [against];
  return mergeTrees(await Promise.all(paths.map(async (path) => parseConfig(await environment.read(path)))));
}

export function diffCommand(
  environment: CliEnvironment,
  path: string | undefined,
  flags: DiffFlags,
): Promise<ExitCode> {
  return withConfig(environment, path, flags, async (config) => {
    const one = flags.against === undefined ? undefined : namesake(config, flags.against);
    const wanted = (one === undefined ? config.files : [one]).filter((file) => file.name !== 'daemons');
    const after = canonicalTree(mergeTrees(wanted.map((file) => parseConfig(file.text))));
    const differences = diffTrees(canonicalTree(await currentTree(environment, config, flags)), after);
    environment.write(flags.json === true ? toJson(differences) : formatDifferences(differences));
    return differences.length === 0 ? EXIT.ok : EXIT.differs;
  });
}

function target(flags: TargetFlags, dialect: Dialect): { vtyDir: string; configDir: string; daemonDir?: string } {
  return {
    vtyDir: flags.vtyDir ?? VTY_DIRS[dialect],
    configDir: flags.configDir ?? CONFIG_DIRS[dialect],
    ...(flags.daemonDir === undefined ? {} : { daemonDir: flags.daemonDir }),
  };
}

function changeText(change: Change): string {
  return `${change.effect.padEnd(7)}  ${describeChange(change)}\n         ${change.reason}\n`;
}

interface PlanResult {
  readonly effect: Effect;
  readonly changes: readonly Change[];
  readonly missingDaemons: readonly string[];
}

/** Plans as text and JSON never hold a secret: `describeChange` hides it. */
function showPlan(plan: PlanResult, asJson: boolean): string {
  const changes = plan.changes.filter((change) => change.temporary !== true);
  if (asJson) {
    const shown = changes.map((change) => ({
      effect: change.effect,
      reason: change.reason,
      change: describeChange(change),
    }));
    return toJson({ effect: plan.effect, missingDaemons: plan.missingDaemons, changes: shown });
  }
  const missing = plan.missingDaemons.map((daemon) => `restart  ${daemon} does not run\n`);
  const lines = [...missing, ...changes.map(changeText)];
  return lines.length === 0 && plan.effect === 'hitless' ? 'nothing to do\n' : `${lines.join('')}${plan.effect}\n`;
}

export function planCommand(
  environment: CliEnvironment,
  path: string | undefined,
  flags: TargetFlags,
): Promise<ExitCode> {
  return withConfig(environment, path, flags, async (config) => {
    const plan = await planConfiguration(config, target(flags, config.dialect));
    environment.write(showPlan(plan, flags.json === true));
    return plan.changes.length === 0 && plan.effect === 'hitless' ? EXIT.ok : EXIT.differs;
  });
}

export interface ApplyFlags extends TargetFlags {
  readonly allow?: Effect;
  readonly restartCommand?: string;
}

export function applyCommand(
  environment: CliEnvironment,
  path: string | undefined,
  flags: ApplyFlags,
): Promise<ExitCode> {
  return withConfig(environment, path, flags, async (config) => {
    const plan = await applyConfiguration(config, {
      ...target(flags, config.dialect),
      ...(flags.allow === undefined ? {} : { allow: flags.allow }),
      ...(flags.restartCommand === undefined ? {} : { restartCommand: flags.restartCommand }),
    });
    environment.write(showPlan(plan, flags.json === true));
    return EXIT.ok;
  });
}

export async function initCommand(
  environment: CliEnvironment,
  flags: { protocol?: 'ospf' | 'bgp'; dialect?: Dialect },
): Promise<ExitCode> {
  const [addresses, routes] = await Promise.all([
    environment.ip(['address', 'show']),
    environment.ip(['route', 'show']),
  ]);
  const dialect = flags.dialect ?? ((await environment.exists(CONFIG_DIRS.frr)) ? 'frr' : 'quagga');
  const proposal = proposeDocument({ addresses, routes }, flags.protocol ?? 'ospf', dialect);
  if (proposal === undefined) {
    environment.complain(
      'error: no interface with a global IPv4 address to other hosts was found; write the file by hand\n',
    );
    return EXIT.invalidInput;
  }
  environment.write(proposal);
  return EXIT.ok;
}

export function schemaCommand(environment: CliEnvironment): ExitCode {
  environment.write(toJson(documentJsonSchema()));
  return EXIT.ok;
}
