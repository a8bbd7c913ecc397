import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '@routed/lab';

/** What to look for once a lab is gone. Taken while it is up: afterwards nobody remembers its namespaces. */
export interface LabMarks {
  readonly name: string;
  readonly directory: string;
  readonly hostNames: readonly string[];
  readonly namespaces: ReadonlySet<string>;
}

const namespaceKinds = ['net', 'mnt', 'uts', 'pid'];

/** Remembers every namespace that the lab's processes live in, those of containers too. */
export function marksOf(lab: Lab): LabMarks {
  const machine = new Set(namespacesOf('self'));
  const descendants = [lab.segmentPid, ...lab.hosts.map((host) => host.keeperPid)].flatMap(withDescendants);
  const namespaces = descendants.flatMap((pid) => namespacesOf(String(pid))).filter((id) => !machine.has(id));
  const { name, directory } = lab;
  return { name, directory, hostNames: lab.hosts.map((host) => host.name), namespaces: new Set(namespaces) };
}

/** Everything on the machine that still belongs to the lab. Other programs may come and go meanwhile. */
export function tracesOf(marks: LabMarks): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const hierarchies = ['', ...entries('/sys/fs/cgroup')];
  return [
    ...mounts.filter((line) => line.includes(marks.directory)).map((line) => `mount ${line}`),
    ...processesOf(marks),
    ...hierarchies.flatMap((hierarchy) =>
      entries(join('/sys/fs/cgroup', hierarchy, 'routed-lab', marks.name)).map(
        (entry) => `cgroup ${hierarchy}/${entry}`,
      ),
    ),
    ...entries('/sys/class/net')
      .filter((link) => marks.hostNames.includes(link))
      .map((link) => `link ${link}`),
    ...entries(marks.directory).map((entry) => `file ${entry}`),
  ];
}

/** The processes that still live in a namespace of the lab. */
export function processesOf({ namespaces }: LabMarks): string[] {
  return pids().flatMap((pid) => {
    const shared = namespacesOf(pid).filter((id) => namespaces.has(id));
    return shared.length === 0 ? [] : [`process ${pid} in ${shared.join(' ')}`];
  });
}

function withDescendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number).flatMap(withDescendants))];
}

function namespacesOf(pid: string): string[] {
  try {
    return namespaceKinds.map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));
  } catch {
    // The process ended while we looked, or is a zombie.
    return [];
  }
}

function pids(): string[] {
  return entries('/proc').filter((name) => /^\d+$/.test(name));
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
