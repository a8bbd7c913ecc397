import type { Dialect } from '../dialect.ts';

/** The daemons that a model can configure, in the order they start. */
export const DAEMONS = ['zebra', 'staticd', 'ospfd', 'ospf6d', 'bgpd', 'bfdd'] as const;
export type DaemonName = (typeof DAEMONS)[number];

/**
 * Those that have a command line. Since FRR 10 mgmtd has zebra's lists, maps and interfaces: it takes the lines, and
 * hands them on.
 */
export const VTY_DAEMONS = ['mgmtd', ...DAEMONS] as const;
export type VtyDaemon = (typeof VTY_DAEMONS)[number];

/** One file of a rendered configuration. It may hold secrets: write it with `mode`. */
export interface RenderedFile {
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

export interface RenderedConfig {
  readonly dialect: Dialect;
  readonly files: readonly RenderedFile[];
  /** The daemons that must run. */
  readonly daemons: readonly DaemonName[];
}

/** Secrets stand in the files, so only owner and group read them. */
export const FILE_MODE = 0o640;
