/**
 * Files that tell other programs of a host to leave containers' links and routes alone. A package installs some of them where
 * packages do; `doctor --fix` writes those that are missing where administrators do.
 */
export interface HostFile {
  /** Where an administrator has it. */
  readonly path: string;
  /** Where a package may have brought the same. */
  readonly alsoIn: readonly string[];
  readonly text: string;
  /** What makes the other program read it. */
  readonly then: string;
  readonly why: string;
}

export const HOST_FILES = {
  networkdLinks: {
    path: '/etc/systemd/network/10-routed.network',
    alsoIn: ['/run/systemd/network', '/usr/lib/systemd/network', '/lib/systemd/network'],
    text: '[Match]\nName=vethr* vethc* ifbr-*\n\n[Link]\nUnmanaged=yes\nRequiredForOnline=no\n',
    then: 'networkctl reload',
    why: 'systemd-networkd would configure container links by any catch-all file, delete their routes, and wait for them at boot',
  },
  networkdRoutes: {
    path: '/etc/systemd/networkd.conf.d/50-routed.conf',
    alsoIn: ['/run/systemd/networkd.conf.d', '/usr/lib/systemd/networkd.conf.d', '/lib/systemd/networkd.conf.d'],
    text: '[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n',
    then: 'systemctl restart systemd-networkd',
    why: "where systemd-networkd manages the uplinks, its restart deletes the router's (FRR's) routes on them",
  },
  networkManager: {
    path: '/etc/NetworkManager/conf.d/10-routed.conf',
    alsoIn: ['/run/NetworkManager/conf.d', '/usr/lib/NetworkManager/conf.d'],
    text: '[device-routed]\nmatch-device=interface-name:vethr*,interface-name:vethc*,interface-name:ifbr-*\nmanaged=0\n',
    then: 'systemctl reload NetworkManager',
    why: 'NetworkManager would run DHCP on container links, and delete their addresses and routes',
  },
  routeProtocol: {
    path: '/etc/iproute2/rt_protos.d/routed.conf',
    alsoIn: ['/usr/share/iproute2/rt_protos.d', '/usr/lib/iproute2/rt_protos.d'],
    text: '200\trouted\n',
    then: 'nothing',
    why: '"ip route" then shows routes to containers as "proto routed"; nothing depends on it',
  },
} as const satisfies Readonly<Record<string, HostFile>>;

/** What a configuration file says, without comments, empty lines and white space around. */
export function statements(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '' && !/^[#;]/.test(line));
}
