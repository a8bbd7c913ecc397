import { DAEMON_SETTINGS, DOCTOR_SETTINGS, OPERATOR_SETTINGS } from '@routed/datapath';
import { type Check, defineCheck, type Finding } from '../check.ts';
import { readSysctlFiles, type SysctlLine } from '../facts/sysctl-files.ts';

/** What would cut containers off when somebody runs `sysctl --system`. */
const DANGEROUS: readonly { readonly pattern: RegExp; readonly bad: RegExp; readonly why: string }[] = [
  {
    pattern: keyPattern(DAEMON_SETTINGS.forwardIpv4.key),
    bad: /^0$/,
    why: DAEMON_SETTINGS.forwardIpv4.why,
  },
  { pattern: /^net\/ipv4\/conf\/(all|default)\/forwarding$/, bad: /^0$/, why: DAEMON_SETTINGS.forwardIpv4.why },
  { pattern: /^net\/ipv6\/conf\/(all|default)\/forwarding$/, bad: /^0$/, why: 'IPv6 networks need it' },
  { pattern: keyPattern(OPERATOR_SETTINGS.arpIgnore.key), bad: /^[1-9]/, why: OPERATOR_SETTINGS.arpIgnore.why },
  { pattern: keyPattern(DOCTOR_SETTINGS.multipathIpv4.key), bad: /^0$/, why: DOCTOR_SETTINGS.multipathIpv4.why },
];

export const sysctlFilesCheck = defineCheck<readonly SysctlLine[]>({
  id: 'sysctl-files',
  title: 'no sysctl.d file contradicts the needed settings',
  read: (host) => readSysctlFiles(host),
  judge: (lines) => {
    // The last word on each key is what counts at boot.
    const last = new Map(lines.map((line) => [line.key, line]));
    return [...last.values()].flatMap(({ key, value, path, number }): Finding[] => {
      const danger = DANGEROUS.find(({ pattern, bad }) => pattern.test(key) && bad.test(value));
      if (danger === undefined) return [];
      return [
        {
          severity: 'warning',
          found: `${path} line ${number} sets ${key} to ${value}`,
          why: `"sysctl --system", which package updates run, applies it: ${danger.why}`,
          remedy: `delete the line from ${path}`,
        },
      ];
    });
  },
});

function keyPattern(key: string): RegExp {
  return new RegExp(`^${key}$`);
}

export const sysctlFilesChecks: readonly Check[] = [sysctlFilesCheck];
