import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, ensureBuilt } from './cache.ts';
import { runCommand } from './command.ts';
import { prepareRoot, type EngineRelease } from './engines.ts';
import { LabError } from './errors.ts';
import { systemPath } from './system-path.ts';

/** An FRR release line, as Debian packages it: 8.4 in Debian 12, 10 in Debian 13, the newest in sid. */
export type FrrRelease = '8.4' | '10' | 'sid';

/** A set of routing daemons that hosts can run. */
export interface FrrInstallation {
  readonly release: FrrRelease;
  /** The real version, such as `8.4.4`. */
  readonly version: string;
  /** Root file system with the daemons; null when the machine itself has this release. */
  readonly root: string | null;
}

interface FrrRecipe {
  readonly suite: string;
  /** Whose root file system, of the same suite, FRR is added to: a quarter of the time of a new one. */
  readonly base: EngineRelease;
  /** The versions that this machine's own FRR may have instead; none for `sid`, which moves. */
  readonly pattern?: RegExp;
}

const recipes: Readonly<Record<FrrRelease, FrrRecipe>> = {
  '8.4': { suite: 'bookworm', base: '20.10', pattern: /^8\./ },
  '10': { suite: 'trixie', base: '26', pattern: /^(1\d)\./ },
  sid: { suite: 'sid', base: '28' },
};

/** Every release, oldest first. */
export const frrReleases: readonly FrrRelease[] = ['8.4', '10', 'sid'];

/** The installation of a release, or null when it still has to be built. */
export async function findFrr(release: FrrRelease): Promise<FrrInstallation | null> {
  const machineVersion = await versionOnMachine();
  if (machineVersion !== null && recipes[release].pattern?.test(machineVersion) === true) {
    return { release, version: machineVersion, root: null };
  }
  const root = rootOf(release);
  if (!existsSync(root)) return null;
  return { release, version: parseVersion(await readFile(join(root, 'etc/frr-version'), 'utf8')), root };
}

/** Finds a release, or builds its root file system (half a minute over the network, and that of the base before). */
export async function prepareFrr(release: FrrRelease, log: (line: string) => void): Promise<FrrInstallation> {
  const found = await findFrr(release);
  if (found !== null) return found;
  const root = rootOf(release);
  const { suite, base } = recipes[release];
  const baseRoot = await prepareRoot(base, log);
  await ensureBuilt(root, ['build-root.sh', 'router', suite, root, baseRoot], log);
  return prepareFrr(release, log);
}

async function versionOnMachine(): Promise<string | null> {
  try {
    const { stdout } = await runCommand(['vtysh', '--help'], { env: { PATH: systemPath } });
    return parseVersion(stdout);
  } catch (error) {
    if (error instanceof LabError && error.code === 'missing-prerequisite') return null;
    throw error;
  }
}

function rootOf(release: FrrRelease): string {
  return join(cacheDirectory(), `router-${release}`);
}

/** "Integrated shell for FRR (version 8.4.4)." */
function parseVersion(text: string): string {
  return /version ([^)\s]+)/.exec(text)?.[1] ?? 'unknown';
}
