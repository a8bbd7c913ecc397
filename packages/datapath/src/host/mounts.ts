/** How mounts made elsewhere reach a mount, and go from it. Source: mount_namespaces(7). */
export type Propagation = 'shared' | 'slave' | 'private';

/**
 * The propagation of the mount that a path lies on, by /proc/PID/mountinfo. Pure.
 *
 * @returns undefined for a text that says nothing of the path
 */
export function propagationOf(mountinfo: string, path: string): Propagation | undefined {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [before = ''] = line.split(' - ');
    const [, , , , point, , ...tags] = before.split(' ');
    return point !== undefined && isBelow(path, point) ? [{ point, tags }] : [];
  });
  // Of those that cover the path the deepest counts, and of several in one place the last.
  const [mount] = mounts.toReversed().sort((one, other) => other.point.length - one.point.length);
  if (mount === undefined) return undefined;
  if (mount.tags.some((tag) => tag.startsWith('shared:'))) return 'shared';
  return mount.tags.some((tag) => tag.startsWith('master:')) ? 'slave' : 'private';
}

function isBelow(path: string, point: string): boolean {
  return point === '/' || path === point || path.startsWith(`${point}/`);
}
