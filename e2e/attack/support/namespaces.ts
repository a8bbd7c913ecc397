import { join } from 'node:path';
import type { CommandResult, Host } from '@routed/lab';
import { inspect } from '../../support/containers.ts';

const sender = join(import.meta.dirname, 'send.pl');

/** A network namespace of a host: the host's own, or that of a container. */
export interface Place {
  readonly host: Host;
  /** Runs a program of the host there, with the host's privileges. */
  run(argv: readonly string[], input?: string): Promise<CommandResult>;
}

/** The host's own network namespace. */
export function onHost(host: Host): Place {
  return { host, run: (argv, input = '') => host.exec(argv, { input }) };
}

/** A container's: what runs there has every right that its root can have. */
export async function inContainer(host: Host, container: string): Promise<Place> {
  const pid = await inspect(host, container, '{{.State.Pid}}');
  const enter = ['nsenter', '--target', pid, '--net'];
  return { host, run: (argv, input = '') => host.exec([...enter, ...argv], { input }) };
}

/** Sends lines of `send.pl` from a place. */
export async function sendFrom(place: Place, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await place.run(['perl', sender], `${lines.join('\n')}\n`);
}

/** The MAC address of a link of a place. */
export async function macOf(place: Place, link: string): Promise<string> {
  const [found] = JSON.parse((await place.run(['ip', '-json', 'link', 'show', 'dev', link])).stdout) as [
    { readonly address: string },
  ];
  return found.address;
}
