import type { CommandResult } from '@routed/lab';

/** Where the reader of a page types. */
export interface Shell {
  /** Runs a line to its end, without a terminal. */
  run(line: string): Promise<CommandResult>;
  /** Runs a line on a terminal, and types `input` there. */
  runOnTerminal(line: string, input: string): Promise<CommandResult>;
  /** Starts a line that goes on running. */
  start(line: string, name: string): Promise<Running> | Running;
  /** Starts the plugin in place of the one that runs, if any; returns when it answers. */
  serve(line: string): Promise<void>;
}

/** A command that goes on running. */
export interface Running {
  log(): Promise<string>;
  stop(): Promise<unknown>;
  readonly hasExited: boolean;
}
