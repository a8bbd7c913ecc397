import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** The release of this package; in a bundle, that of what it is bundled with. */
export const VERSION: string = manifest.version;
