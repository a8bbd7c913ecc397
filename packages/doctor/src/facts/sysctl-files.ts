import { join } from 'node:path';
import type { HostReader } from './host-reader.ts';

/** One setting in a file that is read at boot. */
export interface SysctlLine {
  /** With slashes. */
  readonly key: string;
  readonly value: string;
  readonly path: string;
  readonly number: number;
}

const DIRECTORIES = ['/usr/lib/sysctl.d', '/usr/local/lib/sysctl.d', '/run/sysctl.d', '/etc/sysctl.d'];

/**
 * What the files of sysctl.d say, in the order in which they are read, so that later lines win. A file of /etc hides its
 * namesake elsewhere. /etc/sysctl.conf is last, as procps has it; on Debian 99-sysctl.conf leads to it.
 *
 * Source: sysctl(8), sysctl.d(5).
 */
export async function readSysctlFiles(host: Pick<HostReader, 'file' | 'list'>): Promise<SysctlLine[]> {
  const paths = new Map<string, string>();
  for (const directory of DIRECTORIES) {
    for (const name of await host.list(directory)) if (name.endsWith('.conf')) paths.set(name, join(directory, name));
  }
  const ordered = [...paths].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path);
  const lines: SysctlLine[] = [];
  for (const path of [...ordered, '/etc/sysctl.conf']) lines.push(...sysctlLines(path, (await host.file(path)) ?? ''));
  return lines;
}

/** The settings of one file. Pure. */
export function sysctlLines(path: string, text: string): SysctlLine[] {
  return text.split('\n').flatMap((line, index) => {
    const [, key, value] = /^\s*-?\s*([^#;=\s][^=\s]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) return [];
    return [{ key: withSlashes(key), value: value.replace(/\s+/g, ' '), path, number: index + 1 }];
  });
}

/** `net.ipv4.conf.eth0/100.rp_filter` is `net/ipv4/conf/eth0.100/rp_filter`: the first separator counts. */
export function withSlashes(key: string): string {
  const first = /[./]/.exec(key)?.[0];
  if (first !== '.') return key;
  return key.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
}
