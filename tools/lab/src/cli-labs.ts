import { LabError } from './errors.ts';
import { readLabRecords, type HostRecord, type LabRecord } from './lab-state.ts';
import { isAlive } from './process-identity.ts';

/** Whose lab it is: nobody's, a running process's, or a killed one's. */
export function describeOwner(lab: LabRecord): string {
  if (lab.owner === null) return 'standing';
  return isAlive(lab.owner) ? `owned by pid ${lab.owner.pid}` : 'owner is dead';
}

/**
 * The lab of that name, or the only one there is.
 * @throws {@link LabError} `not-running` no such lab, or several to choose from
 */
export async function selectLab(name: string | undefined): Promise<LabRecord> {
  const labs = await readLabRecords();
  const candidates = name === undefined ? labs : labs.filter((lab) => lab.name === name);
  const [only, ...others] = candidates;
  if (only === undefined) throw new LabError('not-running', name === undefined ? 'no lab is up' : `no lab ${name}`);
  if (others.length > 0) {
    throw new LabError('not-running', `say which lab: ${candidates.map((lab) => lab.name).join(', ')}`);
  }
  return only;
}

/** @throws {@link LabError} `not-running` */
export async function selectHost(labName: string | undefined, hostName: string): Promise<HostRecord> {
  const lab = await selectLab(labName);
  const host = lab.hosts.find((candidate) => candidate.name === hostName);
  if (host === undefined) {
    const names = lab.hosts.map((candidate) => candidate.name).join(', ');
    throw new LabError('not-running', `lab ${lab.name} has no host ${hostName}, but ${names}`);
  }
  if (!isAlive(host.keeper)) throw new LabError('not-running', `host ${hostName} of lab ${lab.name} is stopped`);
  return host;
}
