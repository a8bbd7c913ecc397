import type { CommandRunner } from '../command-runner.ts';
import { failureOf } from '../netfilter-error.ts';
import type { Whereabouts } from '../ruleset-damage.ts';

/**
 * How rules of this host hand packets to a queue.
 *
 * - `nft`: by nftables itself (`queue`, kernel option NFT_QUEUE);
 * - `iptables`: nftables marks them, and iptables' NFQUEUE looks for the mark, as this kernel lacks the former;
 * - `none`: neither is there.
 */
export type QueueWay = 'nft' | 'iptables' | 'none';

const PROGRAMS = ['iptables', 'ip6tables'] as const;

/** The chain that holds the rule, unless another name is given. */
export const MARKED_CHAIN = 'ROUTED-DNS';

/** The places of the table `mangle` that are called from, as iptables names them. */
const CALLERS = ['PREROUTING', 'POSTROUTING'] as const;

/** Names in the rules. */
export interface MarkedQueueOptions {
  /** @defaultValue `ROUTED-DNS` */
  readonly chain?: string;
  readonly queue: number;
  /** One bit of the mark. */
  readonly mark: number;
}

/** Finds out what this host offers, by trying it with tables that are gone again at once. */
export async function findQueueWay(run: CommandRunner): Promise<QueueWay> {
  if (await canQueueByNft(run)) return 'nft';
  const families = await Promise.all(PROGRAMS.map((program) => canQueueByIptables(run, program)));
  return families.every(Boolean) ? 'iptables' : 'none';
}

/** A transaction that ends with the removal of what it makes: nothing is ever in force. */
async function canQueueByNft(run: CommandRunner): Promise<boolean> {
  const table = `inet routed_try_${process.pid}`;
  const script = [
    `add table ${table}`,
    `add chain ${table} c`,
    `add rule ${table} c meta l4proto 253 queue num 0 bypass`,
    `delete table ${table}`,
  ];
  const result = await run(['nft', '-f', '-'], `${script.join('\n')}\n`);
  return result?.exitCode === 0;
}

async function canQueueByIptables(run: CommandRunner, program: string): Promise<boolean> {
  const chain = `ROUTED-TRY-${process.pid}`;
  const lines = [`:${chain} - [0:0]`, `-A ${chain} -p 253 -j NFQUEUE --queue-num 0 --queue-bypass`];
  const made = await run([`${program}-restore`, '--wait', '--noflush'], restoreText(lines));
  // Programs that are not there have left nothing; the others may have made the chain before they refused the rule.
  if (made !== undefined)
    await run([`${program}-restore`, '--wait', '--noflush'], restoreText([`-F ${chain}`, `-X ${chain}`]));
  return made?.exitCode === 0;
}

/** Where these rules are for nf_tables: it holds what Debian's iptables is told. */
export function markedPlaces(chain: string = MARKED_CHAIN): readonly Whereabouts[] {
  return (['ip', 'ip6'] as const).map((family) => ({ family, table: 'mangle', chains: [...CALLERS, chain] }));
}

/**
 * Makes sure that marked packets go to the queue, before and after routing; when nobody listens to it, they pass. Repeating it
 * changes nothing.
 *
 * @returns whether something was missing
 * @throws NetfilterError `FIREWALL_REFUSED`
 */
export async function ensureMarkedQueue(run: CommandRunner, options: MarkedQueueOptions): Promise<boolean> {
  const { chain = MARKED_CHAIN } = options;
  const rule = markedRule(options);
  let isChanged = false;
  for (const program of PROGRAMS) {
    const listed = await run([program, '--wait', '-t', 'mangle', '--list-rules', chain]);
    const rules = listed?.stdout.split('\n').filter((line) => line.startsWith('-A ')) ?? [];
    const missing = await missingCalls(run, program, chain);
    if (rules.join() === rule && missing.length === 0) continue;
    const calls = missing.map((caller) => `-A ${caller} -j ${chain}`);
    await restore(run, program, chain, [`:${chain} - [0:0]`, rule, ...calls]);
    isChanged = true;
  }
  return isChanged;
}

/** Takes away what {@link ensureMarkedQueue} made. Nothing happens when it is not there. @throws NetfilterError */
export async function removeMarkedQueue(run: CommandRunner, chain: string): Promise<void> {
  for (const program of PROGRAMS) {
    const listed = await run([program, '--wait', '-t', 'mangle', '--list-rules', chain]);
    if (listed?.exitCode !== 0) continue;
    const missing = await missingCalls(run, program, chain);
    const calls = CALLERS.filter((caller) => !missing.includes(caller)).map((caller) => `-D ${caller} -j ${chain}`);
    await restore(run, program, chain, [...calls, `-F ${chain}`, `-X ${chain}`]);
  }
}

/** As `iptables --list-rules` prints it. */
function markedRule({ chain = MARKED_CHAIN, queue, mark }: MarkedQueueOptions): string {
  const hex = `0x${mark.toString(16)}`;
  return `-A ${chain} -m mark --mark ${hex}/${hex} -j NFQUEUE --queue-num ${queue} --queue-bypass`;
}

async function missingCalls(run: CommandRunner, program: string, chain: string): Promise<(typeof CALLERS)[number][]> {
  const missing: (typeof CALLERS)[number][] = [];
  for (const caller of CALLERS) {
    const result = await run([program, '--wait', '-t', 'mangle', '--check', caller, '-j', chain]);
    if (result?.exitCode !== 0) missing.push(caller);
  }
  return missing;
}

async function restore(run: CommandRunner, program: string, chain: string, lines: readonly string[]): Promise<void> {
  const result = await run([`${program}-restore`, '--wait', '--noflush'], restoreText(lines));
  if (result?.exitCode !== 0) throw failureOf(`rules of chain ${chain}`, `${program}-restore`, result);
}

function restoreText(lines: readonly string[]): string {
  return ['*mangle', ...lines, 'COMMIT', ''].join('\n');
}
