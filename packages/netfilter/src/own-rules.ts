import type { CommandRunner } from './command-runner.ts';
import { FORWARD_CHAIN } from './forward-rules.ts';
import { MARKED_CHAIN } from './queue/queue-rules.ts';

const PROGRAMS = ['iptables', 'ip6tables'] as const;

/**
 * Which of these the host has, for people: the chain and that which hands DNS over, in iptables and ip6tables, and tables of nftables in any family.
 * Changes nothing; a program that is not installed has nothing.
 */
export async function findRules(
  run: CommandRunner,
  { tables, chain = FORWARD_CHAIN }: { readonly tables: readonly string[]; readonly chain?: string },
): Promise<readonly string[]> {
  const found: string[] = [];
  const chains = [['filter', chain] as const, ['mangle', MARKED_CHAIN] as const];
  for (const program of PROGRAMS) {
    for (const [table, name] of chains) {
      const result = await run([program, '--wait', '--table', table, '--list-rules', name]);
      if (result?.exitCode === 0) found.push(`chain ${name} of ${program}`);
    }
  }
  const listed = (await run(['nft', 'list', 'tables']))?.stdout ?? '';
  for (const [line, table = ''] of listed.matchAll(/^table \S+ (\S+)$/gm)) if (tables.includes(table)) found.push(line);
  return found;
}
