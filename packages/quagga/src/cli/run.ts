import type { TargetOptions } from '../apply/target.ts';
import type { Dialect } from '../dialect.ts';
import { type QuaggaError, isQuaggaError } from '../errors.ts';
import type { RouterModel } from '../model/router.ts';
import type { RenderedConfig } from '../render/config.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import { type Origin, complain } from './findings.ts';
import type { InputFlags } from './flags.ts';
import { type Input, readInput, renderInput } from './input.ts';

/** Where each suite keeps its sockets and files on Debian. */
export const VTY_DIRS: Readonly<Record<Dialect, string>> = { frr: '/run/frr', quagga: '/run/quagga' };
export const CONFIG_DIRS: Readonly<Record<Dialect, string>> = { frr: '/etc/frr', quagga: '/etc/quagga' };

/** Where the suite that a command works on is. */
export interface TargetFlags extends InputFlags {
  readonly vtyDir?: string;
  readonly configDir?: string;
  readonly daemonDir?: string;
  readonly json?: boolean;
}

export interface Target extends TargetOptions {
  readonly configDir: string;
}

/** Where the suite is that flags name; Debian's folders by default. */
export function target(
  flags: Pick<TargetFlags, 'vtyDir' | 'configDir' | 'daemonDir'> & { readonly takeOver?: boolean },
  dialect: Dialect,
): Target {
  return {
    ...(flags.takeOver === undefined ? {} : { takeOver: flags.takeOver }),
    vtyDir: flags.vtyDir ?? VTY_DIRS[dialect],
    configDir: flags.configDir ?? CONFIG_DIRS[dialect],
    ...(flags.daemonDir === undefined ? {} : { daemonDir: flags.daemonDir }),
  };
}

const CODES: Partial<Record<QuaggaError['code'], ExitCode>> = {
  INVALID_INPUT: EXIT.invalidInput,
  UNSUPPORTED: EXIT.invalidInput,
  CHECKER_REFUSED: EXIT.refused,
  CHECKER_MISSING: EXIT.checkerMissing,
  APPLY_FAILED: EXIT.notApplied,
  ROLLBACK_FAILED: EXIT.rollbackFailed,
  VTY_FAILED: EXIT.unreachable,
};

export type Work = (config: RenderedConfig, input: Input) => Promise<ExitCode>;

/** Reads, changes, renders and goes on; every error of the library becomes an exit status. */
export async function withConfig(
  environment: CliEnvironment,
  path: string | undefined,
  flags: InputFlags,
  work: Work,
  change: (model: RouterModel) => RouterModel = (model) => model,
): Promise<ExitCode> {
  const given = await readInput(environment, path, flags);
  if (typeof given === 'number') return given;
  const changeAndWork = async (): Promise<ExitCode> => {
    const input = { ...given, document: { ...given.document, model: change(given.document.model) } };
    const config = renderInput(environment, input);
    return typeof config === 'number' ? config : await work(config, input);
  };
  return await withExitStatus(environment, changeAndWork, given.origin);
}

/** Every error of the library becomes an exit status. */
export async function withExitStatus(
  environment: CliEnvironment,
  work: () => Promise<ExitCode>,
  origin: Origin = { flags: {} },
): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    if (!isQuaggaError(error)) throw error;
    complain(environment, error, origin);
    return CODES[error.code] ?? EXIT.invalidInput;
  }
}

/** Raised when a field of what `--json` prints goes or changes its meaning; new fields do not. */
const SCHEMA_VERSION = 1;

/** What `--json` prints: an object, or a list of objects, each with the `schemaVersion`. */
export function toJson(value: object): string {
  const withVersion = (one: object): object => ({ schemaVersion: SCHEMA_VERSION, ...one });
  const dated: unknown = Array.isArray(value) ? value.map(withVersion) : withVersion(value);
  return `${JSON.stringify(dated, undefined, 2)}\n`;
}
