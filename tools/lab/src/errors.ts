/** Why the lab itself, not a command in it, could not go on. */
export type LabErrorCode =
  'missing-prerequisite' | 'name-in-use' | 'no-engine' | 'no-router' | 'not-running' | 'start-failed' | 'timeout';

/** The lab could not do what was asked: a prerequisite is missing, or a host, engine or plugin did not come up. */
export class LabError extends Error {
  override readonly name: string = 'LabError';
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(`${message} (${code})`, options);
    this.code = code;
  }
}

/** How a finished command went; `exitCode` is 128 + the signal's number when a signal ended it. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** A command exited non-zero; the message carries what it wrote to stderr. */
export class CommandError extends Error implements CommandResult {
  override readonly name: string = 'CommandError';
  readonly argv: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;

  constructor(argv: readonly string[], result: CommandResult) {
    super(
      `${argv.join(' ')}: ${result.stderr.trim() || result.stdout.trim() || 'no output'} (exit ${result.exitCode})`,
    );
    this.argv = argv;
    this.stdout = result.stdout;
    this.stderr = result.stderr;
    this.exitCode = result.exitCode;
  }
}

/** The Docker client of a host exited non-zero. */
export class DockerError extends CommandError {
  override readonly name = 'DockerError';
}
