import type { CommandResult } from '@routed/netfilter';
import { type Check, defineCheck } from '../check.ts';

/** Addresses carry our protocol number since then (IFA_PROTO). */
const OLDEST_KERNEL = '5.18';
/** What our package says in `engines`. */
const OLDEST_NODE = '20.19';

export const kernelCheck = defineCheck<{ readonly release: string | undefined }>({
  id: 'kernel',
  title: 'Linux is new enough',
  read: async (host) => ({ release: await host.file('/proc/sys/kernel/osrelease') }),
  judge: ({ release }) => {
    if (release === undefined || !isOlder(release, OLDEST_KERNEL)) return [];
    return [
      {
        severity: 'broken',
        found: `this is Linux ${release.trim()}`,
        why: `before ${OLDEST_KERNEL} addresses have no protocol: gateway addresses stay behind, or look like the operator's`,
        remedy: `boot Linux ${OLDEST_KERNEL} or newer; Debian 12 has 6.1`,
      },
    ];
  },
});

export const nodeCheck = defineCheck<string>({
  id: 'node',
  title: 'Node.js is new enough',
  read: (host) => Promise.resolve(host.nodeVersion),
  judge: (version) => {
    if (!isOlder(version.replace(/^v/, ''), OLDEST_NODE)) return [];
    return [
      {
        severity: 'broken',
        found: `this is Node.js ${version}`,
        why: `routed-plugin needs ${OLDEST_NODE}: an older one fails at its start, or at the start of a container`,
        remedy: 'install the package routed-node, or a newer Node.js',
      },
    ];
  },
});

/** Tries it in a network namespace that ends with the command. */
export const vethCheck = defineCheck<CommandResult | undefined>({
  id: 'veth',
  title: 'the kernel has veth links',
  read: (host) =>
    host.run(['unshare', '--net', 'ip', 'link', 'add', 'veth-one', 'type', 'veth', 'peer', 'name', 'veth-two']),
  judge: (trial) => {
    if (trial === undefined || !/unknown device type|not supported/i.test(trial.stderr)) return [];
    return [
      {
        severity: 'broken',
        found: `cannot create a veth link: ${trial.stderr.trim()}`,
        why: "a container's link is a veth pair: no container can start",
        remedy: 'run "modprobe veth"; if the module is missing, boot a kernel with CONFIG_VETH',
      },
    ];
  },
});

/** Whether a dotted version is below another; what follows the numbers does not count. Pure. */
export function isOlder(version: string, than: string): boolean {
  const numbersOf = (text: string): number[] =>
    (/^\d+(\.\d+)*/.exec(text.trim())?.[0] ?? '').split('.').map((part) => Number(part));
  const [one, other] = [numbersOf(version), numbersOf(than)];
  for (const [place, number] of other.entries()) {
    const difference = (one[place] ?? 0) - number;
    if (difference !== 0) return difference < 0;
  }
  return false;
}

export const platformChecks: readonly Check[] = [kernelCheck, nodeCheck, vethCheck];
