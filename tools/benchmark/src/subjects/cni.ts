import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian's containernetworking-plugins are. */
export const cniPlugins = '/usr/lib/cni';

export function hasCniPlugins(...names: readonly string[]): boolean {
  return names.every((name) => existsSync(join(cniPlugins, name)));
}

/** What a CNI plugin finds in its environment. Source: CNI specification 1.0, section 2. */
export function cniEnvironment(command: 'ADD' | 'DEL', containerId: string, netnsPath: string): Record<string, string> {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: netnsPath,
    CNI_IFNAME: 'eth0',
    CNI_PATH: cniPlugins,
  };
}
