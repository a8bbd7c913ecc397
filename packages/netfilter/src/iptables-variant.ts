import type { CommandRunner } from './command-runner.ts';

const PROGRAMS = ['iptables', 'ip6tables'] as const;

/**
 * Whether the host's iptables and ip6tables write into nf_tables, which tells of their changes: the old ones (iptables-legacy) tell nobody.
 */
export async function areOnNfTables(run: CommandRunner): Promise<boolean> {
  return (await Promise.all(PROGRAMS.map((program) => isOnNfTables(run, program)))).every(Boolean);
}

/** "iptables v1.8.9 (nf_tables)"; the other variant says "(legacy)". */
async function isOnNfTables(run: CommandRunner, program: string): Promise<boolean> {
  const result = await run([program, '--version']);
  return result?.stdout.includes('nf_tables') ?? false;
}
