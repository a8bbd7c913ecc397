import { statements } from '@routed/datapath';
import { join } from 'node:path';
import { type Check, defineCheck } from '../check.ts';
import type { HostView } from '../host-view.ts';

/** A unit of systemd that starts the plugin. */
export interface PluginUnit {
  readonly name: string;
  readonly path: string;
  readonly isBeforeDocker: boolean;
  readonly isEnabled: boolean;
}

/** Source: systemd.unit(5), the first that has a name wins. */
const UNIT_DIRECTORIES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

export const startOrderCheck = defineCheck<readonly PluginUnit[]>({
  id: 'start-order',
  title: 'the plugin starts before Docker and stops after it',
  read: (host) => readUnits(host),
  judge: (units) =>
    units.flatMap(({ name, path, isBeforeDocker, isEnabled }) => [
      ...(isBeforeDocker
        ? []
        : [
            {
              severity: 'warning' as const,
              found: `${path} does not say Before=docker.service`,
              why: 'without the plugin, a starting Docker waits 15 s per network and skips containers with a restart policy; a stopping Docker waits 15 s per call',
              remedy: `add "Before=docker.service" to the section [Unit] ("systemctl edit ${name}")`,
            },
          ]),
      ...(isEnabled
        ? []
        : [
            {
              severity: 'warning' as const,
              found: `${name} is not enabled`,
              why: 'after a reboot the plugin does not start: Docker waits 15 s per network and starts none of its containers',
              remedy: `run "systemctl enable ${name}"`,
            },
          ]),
    ]),
});

async function readUnits(host: HostView): Promise<PluginUnit[]> {
  const paths = new Map<string, string>();
  for (const directory of UNIT_DIRECTORIES.toReversed()) {
    for (const name of await host.list(directory))
      if (name.endsWith('.service')) paths.set(name, join(directory, name));
  }
  const enabled = await readEnabled(host);
  const units: PluginUnit[] = [];
  for (const [name, path] of paths) {
    if (!/routed/.test(name)) continue;
    const lines = await readLines(host, name, path);
    if (!lines.some((line) => /^ExecStart ?=.*routed-plugin/.test(line))) continue;
    const before = lines.filter((line) => /^Before ?=/.test(line)).join(' ');
    const isEnabled = enabled.has(name) || enabled.has(name.replace(/\.service$/, '.socket'));
    units.push({ name, path, isBeforeDocker: before.includes('docker.service'), isEnabled });
  }
  return units;
}

/** The unit and its drop-ins. */
async function readLines(host: HostView, name: string, path: string): Promise<string[]> {
  const lines = statements((await host.file(path)) ?? '');
  for (const directory of UNIT_DIRECTORIES) {
    const dropIns = join(directory, `${name}.d`);
    for (const file of await host.list(dropIns))
      lines.push(...statements((await host.file(join(dropIns, file))) ?? ''));
  }
  return lines;
}

/** The names of units that others want or require. */
async function readEnabled(host: HostView): Promise<ReadonlySet<string>> {
  const enabled = new Set<string>();
  for (const directory of UNIT_DIRECTORIES) {
    for (const name of await host.list(directory)) {
      if (!/\.(wants|requires)$/.test(name)) continue;
      for (const unit of await host.list(join(directory, name))) enabled.add(unit);
    }
  }
  return enabled;
}

export const startOrderChecks: readonly Check[] = [startOrderCheck];
