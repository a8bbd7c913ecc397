import type { Host } from '@routed/lab';

/** The container network namespaces that a process of the host has in its own mount namespace, each once. */
export async function namespacesSeenBy(host: Host, pid: string): Promise<readonly string[]> {
  const { stdout } = await host.exec(['cat', `/proc/${pid}/mountinfo`]);
  // "631 587 0:4 net:[4026532700] /run/docker/netns/4f0c… rw shared:12 - nsfs nsfs rw"
  const paths = stdout
    .split('\n')
    .filter((line) => / - nsfs /.test(line))
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith('/run/docker/netns/') && !path.endsWith('/default'));
  return [...new Set(paths)];
}
