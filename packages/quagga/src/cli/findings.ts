import { type Diagnostic, type FieldPath, QuaggaError, formatPath } from '../errors.ts';
import type { CliEnvironment } from './environment.ts';
import { type InputFlags, optionOf } from './flags.ts';
import type { Source } from './source.ts';

/** What an input is made of: perhaps a file, and flags that win over it. */
export interface Origin {
  readonly source?: Source;
  readonly flags: InputFlags;
}

/** `file:line:column: error: field: message`, or `error: --flag: message` when the value came from a flag. */
export function formatDiagnostic({ severity, path, message }: Diagnostic, { source, flags }: Origin): string {
  const option = optionOf(path, flags, source !== undefined);
  if (option !== undefined) return `${severity}: ${option}: ${message}`;
  const where = source === undefined ? '' : `${source.locate(path)}: `;
  const field = fieldOf(path);
  return `${where}${severity}: ${field}${message}`;
}

function fieldOf(path: FieldPath): string {
  const field = formatPath(path);
  return field === '' ? '' : `${field}: `;
}

/** Prints findings, one a line; a flag that several fields come from is named once. */
export function report(environment: CliEnvironment, diagnostics: readonly Diagnostic[], origin: Origin): void {
  const lines = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, origin));
  for (const line of new Set(lines)) environment.complain(`${line}\n`);
}

/** Prints an error of the library: its findings, or its message. */
export function complain(environment: CliEnvironment, error: QuaggaError, origin: Origin): void {
  if (error.diagnostics.length > 0) report(environment, error.diagnostics, origin);
  else environment.complain(`${/^(error|\S+:\d+:\d+): /.test(error.message) ? '' : 'error: '}${error.message}\n`);
}

const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory; name a file in it',
};

/** @throws {@link QuaggaError} `INVALID_INPUT` when the file cannot be read */
export async function readText(environment: CliEnvironment, path: string): Promise<string> {
  try {
    return await environment.read(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const reason = FILE_FAULTS[code] ?? (cause instanceof Error ? cause.message : String(cause));
    throw new QuaggaError('INVALID_INPUT', `cannot read ${path}: ${reason}`, { cause });
  }
}
