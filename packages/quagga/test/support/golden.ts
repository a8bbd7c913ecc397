import { mkdirSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { QuaggaError } from '../../src/errors.ts';
import type { RouterModel } from '../../src/model/router.ts';
import { type Dialect } from '../../src/dialect.ts';
import { parseDocument } from '../../src/preset/document.ts';
import { type RenderedConfig } from '../../src/render/config.ts';
import { render } from '../../src/render/render.ts';

const goldenDir = fileURLToPath(new URL('../golden', import.meta.url));

/** Names of all golden models. */
export function goldenNames(): string[] {
  return readdirSync(goldenDir).sort();
}

export function goldenModel(name: string, dialect: Dialect): RouterModel {
  const input: unknown = parse(readFileSync(join(goldenDir, name, 'model.yaml'), 'utf8'));
  return parseDocument(input, dialect).model;
}

/** The rendered files by their path in the golden folder; a refusal is a file of its own. */
export function renderGolden(name: string, dialect: Dialect): Map<string, string> {
  const folder = dialect === 'quagga' ? 'quagga/' : '';
  try {
    const config: RenderedConfig = render(goldenModel(name, dialect), dialect);
    return new Map(config.files.map((file) => [`${folder}${file.name}`, file.text]));
  } catch (error) {
    if (!(error instanceof QuaggaError) || error.code !== 'UNSUPPORTED') throw error;
    return new Map([[`${folder}unsupported.txt`, `${error.message}\n`]]);
  }
}

/** The golden files of a dialect as they are on disk. */
export function readGolden(name: string, dialect: Dialect): Map<string, string> {
  const all = readdirSync(join(goldenDir, name), { recursive: true, encoding: 'utf8', withFileTypes: true });
  const files = all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(goldenDir, name).length + 1));
  const own = files.filter((file) => file !== 'model.yaml' && file.startsWith('quagga/') === (dialect === 'quagga'));
  return new Map(own.sort().map((file) => [file, readFileSync(join(goldenDir, name, file), 'utf8')]));
}

/** Rewrites the golden files of a dialect (UPDATE_GOLDEN=1). */
export function updateGolden(name: string, dialect: Dialect): void {
  for (const file of readGolden(name, dialect).keys()) rmSync(join(goldenDir, name, file));
  if (dialect === 'quagga' && !existsSync(join(goldenDir, name, 'quagga'))) mkdirSync(join(goldenDir, name, 'quagga'));
  for (const [file, text] of renderGolden(name, dialect)) writeFileSync(join(goldenDir, name, file), text);
}
