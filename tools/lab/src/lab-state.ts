import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineInstallation } from './engines.ts';
import { LabError } from './errors.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { FrrInstallation } from './routers.ts';

/** What another process needs to enter or to remove a host. */
export interface HostRecord {
  readonly name: string;
  readonly directory: string;
  readonly keeper: ProcessIdentity;
  readonly engine: EngineInstallation | null;
  readonly router: FrrInstallation | null;
}

/** What another process needs to list, use or remove a lab. */
export interface LabRecord {
  readonly name: string;
  readonly directory: string;
  /** The lab is garbage once this process is gone; null for one that stays until `lab down`. */
  readonly owner: ProcessIdentity | null;
  readonly segment: ProcessIdentity | null;
  readonly hosts: readonly HostRecord[];
}

const unfinishedPrefix = '.new-';
const unfinishedMaxAgeMs = 60_000;

/**
 * Where labs keep state, logs and container layers. Neither below /etc and /var, which hosts overlay,
 * nor /run, which they hide.
 */
export function labsDirectory(): string {
  return process.env['ROUTED_LAB_STATE'] ?? '/tmp/routed-lab';
}

/**
 * Claims a lab name on this machine by making its directory.
 * @throws {@link LabError} `name-in-use`
 */
export async function createLabRecord(name: string | undefined, owner: ProcessIdentity | null): Promise<LabRecord> {
  await mkdir(labsDirectory(), { recursive: true, mode: 0o711 });
  const unfinished = await mkdtemp(join(labsDirectory(), unfinishedPrefix));
  const chosen = name ?? unfinished.slice(-6);
  const record: LabRecord = { name: chosen, directory: join(labsDirectory(), chosen), owner, segment: null, hosts: [] };
  await writeFile(join(unfinished, 'state.json'), JSON.stringify(record));
  try {
    // Fails when the directory exists: it is not empty.
    await rename(unfinished, record.directory);
  } catch (cause) {
    await rm(unfinished, { recursive: true });
    throw new LabError('name-in-use', `lab ${chosen} exists; see "lab list" and "lab down ${chosen}"`, { cause });
  }
  return record;
}

/** Replaces the state file at once: a reader sees the old or the new one. */
export async function writeLabRecord(record: LabRecord): Promise<void> {
  const file = join(record.directory, 'state.json');
  await writeFile(`${file}.part`, JSON.stringify(record, null, 2));
  await rename(`${file}.part`, file);
}

/** Every lab on the machine, of living and of dead owners. */
export async function readLabRecords(): Promise<LabRecord[]> {
  const records = await Promise.all((await labDirectories()).map(readLabRecord));
  return records.filter((record) => record !== null);
}

/** Removes what was left of labs whose owner died while claiming a name. */
export async function removeUnfinished(): Promise<void> {
  for (const directory of await labDirectories()) {
    if (!directory.includes(unfinishedPrefix)) continue;
    const changedAt = await stat(directory).then((stats) => stats.mtimeMs, Date.now);
    if (Date.now() - changedAt > unfinishedMaxAgeMs) await rm(directory, { recursive: true, force: true });
  }
}

async function labDirectories(): Promise<string[]> {
  const names = await readdir(labsDirectory()).catch((): string[] => []);
  return names.map((name) => join(labsDirectory(), name));
}

async function readLabRecord(directory: string): Promise<LabRecord | null> {
  try {
    const record = JSON.parse(await readFile(join(directory, 'state.json'), 'utf8')) as LabRecord;
    return record.directory === directory ? record : null;
  } catch {
    return null;
  }
}
