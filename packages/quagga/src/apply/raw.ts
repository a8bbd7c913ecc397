import { join } from 'node:path';
import type { RenderedConfig } from '../render/config.ts';
import { type ConfigTree, mergeTrees } from '../text/parse.ts';
import { rawPart } from '../text/raw.ts';
import { findFile } from './files.ts';

/** The raw lines of a configuration, and those of the files that it replaces. */
export async function readRaw(config: RenderedConfig, configDir: string | undefined): Promise<ConfigTree> {
  const texts = config.files.map(async ({ name, text }) =>
    configDir === undefined ? [text] : [text, (await findFile(join(configDir, name))).text],
  );
  return mergeTrees((await Promise.all(texts)).flat().map(rawPart));
}

/** The same options, with the raw lines. */
export async function withRaw<T extends { readonly configDir?: string }>(
  config: RenderedConfig,
  options: T,
): Promise<T & { readonly raw: ConfigTree }> {
  return { ...options, raw: await readRaw(config, options.configDir) };
}
