import { QuaggaError, formatPath } from '../errors.ts';
import type { RouterModel } from '../model/router.ts';
import type { Dialect } from '../preset/document.ts';
import { renderFrr } from './frr.ts';
import { renderQuagga } from './quagga.ts';
import { unsupportedByQuagga } from './unsupported.ts';

/** The daemons that a model can configure, in the order they start. */
export const DAEMONS = ['zebra', 'ospfd', 'ospf6d', 'bgpd', 'bfdd'] as const;
export type DaemonName = (typeof DAEMONS)[number];

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

/**
 * Renders a valid model: pure, and the same bytes for the same model.
 * Lines that say a default are left out, as the daemons leave them out of their running configuration.
 * @throws {@link QuaggaError} `UNSUPPORTED` when the dialect lacks a feature; each diagnostic says what to use instead.
 */
export function render(model: RouterModel, dialect: Dialect): RenderedConfig {
  if (dialect === 'frr') return renderFrr(model);
  const diagnostics = unsupportedByQuagga(model);
  if (diagnostics.length === 0) return renderQuagga(model);
  const message = diagnostics.map(({ path, message: text }) => `${formatPath(path)}: ${text}`).join('\n');
  throw new QuaggaError('UNSUPPORTED', message, { diagnostics });
}
