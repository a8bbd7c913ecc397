import type { Host } from '@routed/lab';

/** Takes a program away from a host, and from it alone: it is deleted in a layer over the machine's directory. */
export async function hide(host: Host, program: string): Promise<void> {
  await host.exec(['sh', '-ec', hidingScript(program)]);
}

/** Brings back what was hidden. */
export async function unhide(host: Host): Promise<void> {
  await host.exec(['sh', '-ec', unhidingScript]);
}

/** The same, to be part of a script. */
export const hidingScript = (program: string): string => `
  mkdir -p /run/hidden/upper /run/hidden/work
  mountpoint -q /usr/sbin || mount -t overlay overlay -o lowerdir=/usr/sbin,upperdir=/run/hidden/upper,workdir=/run/hidden/work /usr/sbin
  rm -f /usr/sbin/${program}`;

export const unhidingScript = 'umount --lazy /usr/sbin; rm -rf /run/hidden';
