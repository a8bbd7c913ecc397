import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './errors.ts';
import { systemPath } from './system-path.ts';

const programs = [
  'chroot',
  'dockerd',
  'docker',
  'flock',
  'ip',
  'iptables',
  'mount',
  'nft',
  'nsenter',
  'setpriv',
  'unshare',
];
const folders = systemPath.split(':');

/** @throws {@link LabError} `missing-prerequisite`, naming everything that is missing */
export function checkPrerequisites(): void {
  if (process.getuid?.() !== 0) {
    throw new LabError('missing-prerequisite', 'the lab makes namespaces and mounts: run as root');
  }
  const missing = [...programs, 'busybox'].filter(
    (program) => !folders.some((folder) => isExecutable(join(folder, program))),
  );
  if (missing.length > 0) {
    throw new LabError('missing-prerequisite', `the lab needs ${missing.join(', ')}: run tools/setup`);
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
