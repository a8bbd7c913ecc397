import { QuaggaError, formatPath } from '../errors.ts';
import type { RouterModel } from '../model/router.ts';
import type { Dialect } from '../dialect.ts';
import type { RenderedConfig } from './config.ts';
import { renderFrr } from './frr.ts';
import { renderQuagga } from './quagga.ts';
import { unsupportedByQuagga } from './unsupported.ts';

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
