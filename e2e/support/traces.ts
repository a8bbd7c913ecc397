import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect } from 'chai';
import type { Lab } from '@routed/lab';

/** What tells a lab's things from those of the rest of the machine. */
export interface LabMarks {
  readonly directory: string;
  /** The network namespaces of its hosts, such as `net:[4026532217]`. */
  readonly namespaces: ReadonlySet<string>;
}

/** To be taken while the lab is open. */
export function marksOf(lab: Lab): LabMarks {
  const namespaces = new Set(lab.hosts.map((host) => readlinkSync(host.netnsPath)));
  return { directory: lab.directory, namespaces };
}

/** Nothing of a closed lab is left on the machine: no files, no mounts, no processes, and so no namespaces or links. */
export function expectNoTraces({ directory, namespaces }: LabMarks): void {
  expect(existsSync(directory), `${directory} exists`).to.equal(false);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  expect(mounts.filter((line) => line.includes(`${directory}/`))).to.deep.equal([]);
  expect(processesIn(namespaces)).to.deep.equal([]);
}

function processesIn(namespaces: ReadonlySet<string>): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => namespaces.has(namespaceOf(pid)));
}

function namespaceOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return 'gone';
  }
}
