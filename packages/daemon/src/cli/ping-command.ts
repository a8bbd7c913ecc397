import { durationText, numberText } from '@routed/driver/option-values';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import type { End } from '../ping/ends.ts';
import type { Place, View, Watcher } from '../ping/view.ts';
import { paint } from '../terminal/colour.ts';
import { EXIT_CODE } from '../terminal/exit-codes.ts';
import { printTable } from '../terminal/table.ts';
import { say, sayJson, sayMarked } from '../terminal/terminal.ts';
import type { Stage } from '../why/explain.ts';
import { isMeantAsAddress } from './meant-as-address.ts';

interface Flags {
  readonly adminSocket: string;
  readonly routerDir: string;
  readonly json?: boolean;
  readonly from?: string;
  readonly count: number;
  /** In milliseconds. */
  readonly interval: number;
  /** In bytes. */
  readonly size?: number;
}

/** Of a whole packet, by family: the size that ping(8) sends. */
const PACKET_BYTES = { 4: 84, 6: 104 } as const;
/** IP and ICMP headers. */
const LEAST_BYTES = { 4: 28, 6: 48 } as const;
const LONGEST_INTERVAL_MS = 3_600_000;
const TIMEOUT_MS = 1_000;

/** `routed-plugin ping`: whether an address answers, which way packets go, and how large they may be. */
export function pingCommand(): Command {
  return new Command('ping')
    .description('send echo requests to an address: the way, the MTU, and loss; exit status 1 if it does not answer')
    .argument('<address|container>', 'a container: its first address, seen from both ends')
    .option('--from <container>', 'from inside this container, instead of from the host')
    .addOption(
      new Option('--count <number>', 'how many, from each end').argParser(reader(numberText(1, 1_000_000))).default(5),
    )
    .addOption(
      new Option('--interval <duration>', 'from one to the next, such as 10ms or 1s')
        .argParser(reader(durationText(LONGEST_INTERVAL_MS)))
        .default(200, '200ms'),
    )
    .option(
      '--size <bytes>',
      'of each packet, with its headers (default: 84; IPv6: 104)',
      reader(numberText(28, 65_535)),
    )
    .addOption(adminSocketOption())
    .addOption(new Option('--router-dir <path>', 'where the routing daemons have their sockets').default('/run/frr'))
    .addOption(new Option('--json', 'print JSON'))
    .action(run);
}

function reader(shape: z.ZodType<number>): (text: string) => number {
  return (text) => {
    const { data, error } = shape.safeParse(text);
    if (error !== undefined) throw new InvalidArgumentError(error.issues[0]?.message ?? 'expected a number');
    return data;
  };
}

async function run(text: string, flags: Flags, command: Command): Promise<void> {
  const { adminSocket, json } = flags;
  const [{ canonicalHostAddress }, { endOfAddress, endOfContainer, familyOf }] = await Promise.all([
    import('@routed/ipam'),
    import('../ping/ends.ts'),
  ]);
  const target = isMeantAsAddress(text)
    ? await endOfAddress(adminSocket, canonicalHostAddress(text))
    : await endOfContainer(adminSocket, text);
  const family = familyOf(target.address);
  const size = flags.size ?? PACKET_BYTES[family];
  if (size < LEAST_BYTES[family]) {
    command.error(`error: --size ${size}: a packet of IPv6 has at least ${LEAST_BYTES[family]} bytes`);
  }
  const source = flags.from === undefined ? undefined : await endOfContainer(adminSocket, flags.from, family);
  const views = await takeViews({ target, source }, { ...flags, size });
  const [{ problemOf }, reasons] = [await import('../ping/words.ts'), await reasonsOf(views, source, flags)];
  const problems = views.flatMap((view) => problemOf(view) ?? []);
  if (json) sayJson({ ...withoutSandbox(target), views: views.map(shownView), problems, reasons });
  else printProblems(problems, reasons);
  process.exitCode = problems.length === 0 ? EXIT_CODE.ok : EXIT_CODE.problem;
}

/** From the asking end to the other; and back, where the other is a container of this host. */
async function takeViews(
  { target, source }: { readonly target: End; readonly source: End | undefined },
  { count, interval, size, json }: Flags & { readonly size: number },
): Promise<readonly View[]> {
  const [{ takeView }, { insideOf }] = await Promise.all([import('../ping/view.ts'), import('../ping/ends.ts')]);
  const pace = { count, intervalMs: interval, packetBytes: size, timeoutMs: TIMEOUT_MS };
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort();
  // A second Ctrl-C ends the process.
  process.once('SIGINT', onInterrupt);
  const watcher = json === true ? silent(stop.signal) : await printer(target, stop.signal);
  try {
    const there = await takeView(placeOf(source, insideOf), target.address, pace, watcher);
    if (json !== true) await printEnd(there);
    const inside = insideOf(target);
    const back = source?.address ?? there.way?.source;
    const isItself = back === undefined || back === target.address;
    if (inside === undefined || isItself || stop.signal.aborted) return [there];
    const returned = await takeView(inside, back, pace, watcher);
    if (json !== true) await printEnd(returned);
    return [there, returned];
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}

function placeOf(source: End | undefined, insideOf: (end: End) => Place | undefined): Place {
  return source === undefined ? {} : (insideOf(source) ?? {});
}

async function reasonsOf(views: readonly View[], source: End | undefined, flags: Flags): Promise<readonly Stage[]> {
  const [there] = views;
  if (there === undefined || there.tally.answered > 0 || (there.tally.sent === 0 && there.unsent === undefined))
    return [];
  const { reasonsFor } = await import('../ping/reasons.ts');
  const { adminSocket, routerDir } = flags;
  return await reasonsFor(there.to, { adminSocket, routerDir, from: source?.address ?? there.way?.source });
}

function silent(signal: AbortSignal): Watcher {
  return { onWay: () => undefined, onOutcome: () => undefined, signal };
}

async function printer(target: End, signal: AbortSignal): Promise<Watcher> {
  const { outcomeText, placeText, wayText } = await import('../ping/words.ts');
  const { address, container, network } = target;
  const who = container === undefined ? '' : ` (${container} on ${network ?? '?'}, on this host)`;
  return {
    onWay: (from, to, way) => {
      const source = way?.source === undefined ? '' : ` (${way.source})`;
      say(`${to}${to === address ? who : ''} from ${placeText(from)}${source}`);
      if (way !== undefined) say(`  way  ${wayText(way)}`);
    },
    onOutcome: (outcome, number, way) =>
      say(`  ${String(number).padStart(3)}  ${outcomeText(outcome, way, TIMEOUT_MS)}`),
    signal,
  };
}

async function printEnd({ tally, pathMtu, way, unsent }: View): Promise<void> {
  const { pathMtuText, tallyText } = await import('../ping/words.ts');
  say(`  ${unsent ?? tallyText(tally)}`);
  if (pathMtu !== undefined) say(`  path MTU ${pathMtuText(pathMtu, way)}`);
  say();
}

function printProblems(problems: readonly string[], reasons: readonly Stage[]): void {
  for (const problem of problems) sayMarked(paint('red', 'PROBLEM'), problem);
  if (reasons.length > 0)
    printTable(
      [],
      reasons.map(({ name, text }) => [`why: ${name}`, text]),
    );
  if (problems.length === 0) say('No problem found.');
}

function shownView({ from, ...view }: View): Omit<View, 'from'> & { readonly from: Omit<Place, 'sandboxKey'> } {
  return { from: withoutSandbox(from), ...view };
}

/** The namespace of a container is of no use to who reads it later. */
function withoutSandbox<T extends { readonly sandboxKey?: string }>(end: T): Omit<T, 'sandboxKey'> {
  const { sandboxKey, ...shown } = end;
  return sandboxKey === undefined ? end : shown;
}
