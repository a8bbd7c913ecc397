/** Everything the commands take from the world around them. */
export interface CliEnvironment {
  readonly write: (text: string) => void;
  readonly complain: (text: string) => void;
  /** The text of a file; `-` is the standard input. */
  readonly read: (path: string) => Promise<string>;
  /** Runs `ip` with JSON output. */
  readonly ip: (args: readonly string[]) => Promise<unknown>;
  readonly exists: (path: string) => Promise<boolean>;
  readonly isDirectory: (path: string) => Promise<boolean>;
  readonly isRoot: boolean;
  /** Starts this program with other arguments, to outlive this process and its terminal. */
  readonly detach: (args: readonly string[]) => void;
  /** Writes to the system's log. */
  readonly log: (text: string) => Promise<void>;
}

/** What the exit status says. */
export const EXIT = {
  ok: 0,
  invalidInput: 1,
  refused: 2,
  checkerMissing: 3,
  differs: 4,
  notApplied: 5,
  rollbackFailed: 6,
  unreachable: 7,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
