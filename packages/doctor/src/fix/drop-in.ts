import { sysctlLines } from '../facts/sysctl-files.ts';

/** Where settings are written so that they stay: after what distributions bring, before /etc/sysctl.conf. */
export const DROP_IN = '/etc/sysctl.d/60-routed-doctor.conf';

const HEAD = '# Written by "routed-plugin doctor --fix"; "routed-plugin doctor --undo" removes it.\n';

/** Settings of what may not be there yet at boot: a link, a module. Source: sysctl.d(5), the leading `-`. */
const LATE = /\/(conf|neigh)\/(?!all\/|default\/)|^net\/netfilter\//;

/** The file with these settings beside those that it has. Pure. */
export function dropInText(current: string | undefined, settings: ReadonlyMap<string, string>): string {
  const all = new Map(sysctlLines(DROP_IN, current ?? '').map(({ key, value }) => [key, value]));
  for (const [key, value] of settings) all.set(key, value);
  const lines = [...all].sort(([one], [other]) => (one < other ? -1 : 1));
  return HEAD + lines.map(([key, value]) => `${LATE.test(key) ? '-' : ''}${key} = ${value}\n`).join('');
}
