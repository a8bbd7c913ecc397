import { readFile } from 'node:fs/promises';

/**
 * The id of this boot of the kernel: no container, link or route outlives it.
 *
 * Source: linux Documentation/admin-guide/sysctl/kernel.rst, random/boot_id.
 */
export async function currentBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
