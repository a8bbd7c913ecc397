import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, ensureBuilt } from './cache.ts';
import { runCommand } from './command.ts';
import { systemPath } from './system-path.ts';

/** A Docker release line, as Debian packages it; '28' is the newest that sid has. */
export type EngineRelease = '20.10' | '26' | '28';

/** An engine that hosts can run. */
export interface EngineInstallation {
  readonly release: EngineRelease;
  /** The real version, such as `20.10.24+dfsg1`. */
  readonly version: string;
  /** Root file system with engine and client; null when the machine itself has this release. */
  readonly root: string | null;
}

interface EngineRecipe {
  readonly suite: string;
  /** The release whose root file system is copied and upgraded; without it the root is built from nothing. */
  readonly base?: EngineRelease;
  readonly pattern: RegExp;
}

const recipes: Readonly<Record<EngineRelease, EngineRecipe>> = {
  '20.10': { suite: 'bookworm', pattern: /^20\.10\./ },
  '26': { suite: 'trixie', pattern: /^26\./ },
  '28': { suite: 'sid', base: '26', pattern: /^(2[89]|[3-9]\d)\./ },
};

/** Every release, oldest first. */
export const engineReleases: readonly EngineRelease[] = ['20.10', '26', '28'];

/** The installation of a release, or null when it still has to be built. */
export async function findEngine(release: EngineRelease): Promise<EngineInstallation | null> {
  const { stdout } = await runCommand(['dockerd', '--version'], { env: { PATH: systemPath } });
  const machineVersion = parseVersion(stdout);
  if (recipes[release].pattern.test(machineVersion)) return { release, version: machineVersion, root: null };

  const root = rootOf(release);
  if (!existsSync(root)) return null;
  const version = parseVersion(await readFile(join(root, 'etc/engine-version'), 'utf8'));
  return { release, version, root };
}

/** Finds a release, or builds its root file system (a minute or two, over the network). */
export async function prepareEngine(release: EngineRelease, log: (line: string) => void): Promise<EngineInstallation> {
  const found = await findEngine(release);
  if (found !== null) return found;

  const { suite, base } = recipes[release];
  const baseRoot = base === undefined ? [] : [await prepareRoot(base, log)];
  await ensureBuilt(rootOf(release), ['build-root.sh', 'engine', suite, rootOf(release), ...baseRoot], log);
  return prepareEngine(release, log);
}

/** The root file system of a release, built when it is not there; also where the machine itself has that release. */
export async function prepareRoot(release: EngineRelease, log: (line: string) => void): Promise<string> {
  const root = rootOf(release);
  await ensureBuilt(root, ['build-root.sh', 'engine', recipes[release].suite, root], log);
  return root;
}

function rootOf(release: EngineRelease): string {
  return join(cacheDirectory(), `engine-${release}`);
}

/** "Docker version 20.10.24+dfsg1, build 5d6db84" */
function parseVersion(line: string): string {
  return /version ([^,\s]+)/.exec(line)?.[1] ?? 'unknown';
}
