import type { FilterStatus, RefusedPacket } from '@routed/driver/replies';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { askDaemonFor, askDaemonForLines } from '../admin/admin-client.ts';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { say, sayJsonLine } from '../terminal/terminal.ts';

interface Flags {
  readonly adminSocket: string;
  readonly follow?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** `routed-plugin refused`: whom the filters of a container refused. */
export function refusedCommand(): Command {
  return new Command('refused')
    .description('show which packets the filters of a container refused, oldest first, and how many in all')
    .argument('<container>', 'name, or id or the start of it')
    .option('-f, --follow', 'follow new ones until Ctrl-C')
    .addOption(adminSocketOption())
    .addOption(new Option('--json', 'print one JSON object per packet and line'))
    .action(tellOfContainer);
}

async function tellOfContainer(reference: string, flags: Flags): Promise<void> {
  const { filterStatus } = await import('@routed/driver/replies');
  const path = `/v1/containers/${encodeURIComponent(reference)}`;
  const ask = (direction: string): Promise<FilterStatus[]> =>
    askDaemonFor(flags.adminSocket, `${path}/${direction}`, z.array(filterStatus));
  const [ingress, egress] = [await ask('ingress'), await ask('egress')];
  const container = ingress[0]?.container ?? reference;
  if (!flags.json) {
    for (const status of ingress)
      say(
        totalsOf(
          status,
          egress.find(({ network }) => network === status.network),
        ),
      );
  }
  const query = new URLSearchParams({ container, ...(flags.follow && { follow: 'true' }) });
  await tellRefused(flags.adminSocket, query, flags.json);
}

/** How many of a container on one network, in both directions. Pure. */
export function totalsOf({ container, network, counters }: FilterStatus, egress: FilterStatus | undefined): string {
  const { refused: entering = 0, spoofed = 0 } = counters ?? {};
  const leaving = egress?.counters?.refused ?? 0;
  return `${container} on ${network}: ${entering} refused on their way in, ${leaving} on their way out, ${spoofed} with addresses of others`;
}

/** Prints the refused packets that a query means, as `/v1/events` has it. */
export async function tellRefused(adminSocket: string, query: URLSearchParams, json = false): Promise<void> {
  const { refusedPacket } = await import('@routed/driver/replies');
  for await (const packet of askDaemonForLines(adminSocket, `/v1/refused?${query.toString()}`, refusedPacket)) {
    if (json) sayJsonLine(packet);
    else say(refusedText(packet));
  }
}

/** A line about one packet. Pure. */
export function refusedText(packet: RefusedPacket): string {
  const { at, direction, verdict, container, network, source, destination, name, protocol, port, icmp, rule } = packet;
  const who = container === undefined ? 'unknown container' : `${container} on ${network ?? '?'}`;
  const what = port === undefined ? [protocol, icmp].filter(Boolean).join(' ') : `port ${port}/${protocol}`;
  const target = name === undefined ? destination : `${destination} (${name})`;
  return `${at}  ${verdict.padEnd(7)}  ${direction.padEnd(7)}  ${who}: ${source} -> ${target} ${what}: ${rule}`;
}
