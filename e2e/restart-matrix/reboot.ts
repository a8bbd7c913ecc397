import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { Host } from '@routed/lab';

const bootId = '/run/boot_id';

/** What a kernel forgets, but for what belongs to a process, which went with it. */
const script = [
  // Mounts of containers, and the namespaces that Docker pins.
  "awk '/ nsfs |\\/docker\\/(overlay2|containers)\\//{print $5}' /proc/self/mountinfo | xargs -r -n1 umount --lazy",
  'ip -o link | sed -n "s/^[0-9]*: \\(veth[rc][^@:]*\\).*/\\1/p" | xargs -r -n1 ip link delete',
  'ip route flush proto 200',
  'ip address flush dev lo scope link',
  'ip link delete docker0',
  'nft flush ruleset',
  'iptables -P FORWARD ACCEPT',
  'sysctl -q net.ipv4.ip_forward=0',
  // /run is empty after a boot.
  'rm -rf /run/docker.pid /run/docker.sock /run/docker /run/routed',
  'mkdir -p /run/docker/plugins /run/routed',
  // The kernel names its boot.
  `umount /proc/sys/kernel/random/boot_id 2>/dev/null`,
  `mount --bind ${bootId} /proc/sys/kernel/random/boot_id`,
];

/**
 * Does to a host what a power cut and a boot do, as far as a namespace can: no process runs on, what the kernel held is
 * gone, and the boot id is another. Disks, and links to other hosts, stay.
 */
export async function reboot(host: Host): Promise<void> {
  // From inside: of everything but the pid 1 that holds the namespaces, and itself.
  await host.exec(['sh', '-c', 'kill -9 -1; sleep 0.2'], { check: false });
  await writeFile(host.outsidePath(bootId), `${randomUUID()}\n`);
  await host.exec(['sh', '-c', `${script.join('; ')}; true`]);
}
