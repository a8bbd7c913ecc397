import type { Dialect } from '../dialect.ts';
import { type QuaggaError, isQuaggaError } from '../errors.ts';
import type { RenderedConfig } from '../render/config.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import { complain } from './findings.ts';
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

/** Reads, renders and goes on; every error of the library becomes an exit status. */
export async function withConfig(
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
    complain(environment, error, input.origin);
    return CODES[error.code] ?? EXIT.invalidInput;
  }
}

export function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
