import { readdir, readFile, rm } from 'node:fs/promises';
import { removeCgroups } from './cgroups.ts';
import { readLabRecords, removeUnfinished, type LabRecord } from './lab-state.ts';
import { isAlive, killAndWait } from './process-identity.ts';

/**
 * Ends everything a lab has on the machine: its processes, with them namespaces, links and mounts; then
 * cgroups and files. Works from any process, and again on a half-removed lab.
 */
export async function removeLab(record: LabRecord): Promise<void> {
  const keepers = record.hosts.map((host) => host.keeper);
  if (record.segment !== null) keepers.push(record.segment);
  const ending = Promise.all(keepers.map(killAndWait));
  await wakeEntrances(new Set(keepers.map(({ pid }) => pid)));
  await ending;
  await removeCgroups(record.name);
  await rm(record.directory, { recursive: true, force: true, maxRetries: 5 });
}

/** Removes labs whose owner was killed, and standing ones that did not survive a reboot. Returns their names. */
export async function removeDeadLabs(): Promise<string[]> {
  const dead = (await readLabRecords()).filter((record) => !isInUse(record));
  for (const record of dead) await removeLab(record);
  await removeUnfinished();
  return dead.map((record) => record.name);
}

/** A lab without an owner is in use while one of its keepers runs, or when it is too young to have one. */
function isInUse(record: LabRecord): boolean {
  if (record.owner !== null) return isAlive(record.owner);
  const keepers = record.hosts.map((host) => host.keeper);
  return keepers.length === 0 || keepers.some(isAlive);
}

/**
 * Continues the nsenter processes that lead into these namespaces: one that is stopped, as its child was, never hears that the child
 * has ended, and pid 1 of the namespace waits for that. Source: linux kernel/pid_namespace.c zap_pid_ns_processes.
 */
async function wakeEntrances(keeperPids: ReadonlySet<number>): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [program, option, target] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (program !== 'nsenter' || option !== '--target' || !keeperPids.has(Number(target))) continue;
    try {
      process.kill(Number(pid), 'SIGCONT');
    } catch {
      // It has ended meanwhile.
    }
  }
}
