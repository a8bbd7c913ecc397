import { Command, Option } from 'commander';
import { adminSocketOption } from '../admin/admin-socket-option.ts';
import { paint } from '../terminal/colour.ts';
import { EXIT_CODE } from '../terminal/exit-codes.ts';
import { printTable } from '../terminal/table.ts';
import { complain, say, sayJson, sayMarked } from '../terminal/terminal.ts';
import type { Owner } from '../whois/owner.ts';

interface Flags {
  readonly adminSocket: string;
  readonly routerDir?: string;
  readonly json?: boolean;
}

/** `routed-plugin whois`: who announces an address, and since when, seen from this host. */
export function whoisCommand(): Command {
  return new Command('whois')
    .description('show which host has an address, since when, and the way to it; exit status 1 if nobody has it')
    .argument('<address>', 'of a container, here or on another host')
    .addOption(adminSocketOption())
    .option('--router-dir <path>', 'where the routing daemons have their sockets (default: those of FRR, Quagga)')
    .addOption(new Option('--json', 'print JSON'))
    .action(run);
}

async function run(text: string, { adminSocket, routerDir, json }: Flags): Promise<void> {
  const [{ canonicalHostAddress }, { readOwner }, { ownerOf }] = await Promise.all([
    import('@routed/ipam'),
    import('../whois/read-owner.ts'),
    import('../whois/owner.ts'),
  ]);
  const address = canonicalHostAddress(text);
  const routerDirs = routerDir === undefined ? undefined : [routerDir];
  const owner = ownerOf(await readOwner(address, { adminSocket, routerDirs }));
  if (json) sayJson(owner);
  else await print(owner);
  process.exitCode = exitCodeOf(owner);
}

async function print(owner: Owner): Promise<void> {
  const { ownerRows, ownerSentence } = await import('../whois/owner-text.ts');
  if (owner.conflict !== undefined) {
    sayMarked(paint('red', 'PROBLEM'), `another host announces ${owner.address} as well`);
  }
  say(ownerSentence(owner));
  const rows = ownerRows(owner);
  if (rows.length > 0) printTable([], rows);
  if (isShared(owner)) sayMarked(paint('cyan', 'NOTE'), 'several hosts announce it: as anycast does, or by mistake');
  for (const line of owner.unasked) complain(`not asked: ${line}`);
}

/** By several others, or by this host and another without a conflict. */
function isShared({ announcers, conflict }: Owner): boolean {
  return conflict === undefined && new Set(announcers.map(({ router, as }) => router ?? as)).size > 1;
}

function exitCodeOf({ state, conflict }: Owner): number {
  if (state === 'unknown') return EXIT_CODE.unreachable;
  return state === 'nobody' || conflict !== undefined ? EXIT_CODE.problem : EXIT_CODE.ok;
}
