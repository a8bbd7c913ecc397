import type { CommandRunner } from './command-runner.ts';
import { NetfilterError } from './netfilter-error.ts';

/** The chain that holds our rules, in the filter table of iptables and ip6tables. */
export const FORWARD_CHAIN = 'ROUTED-FORWARD';

/** What {@link ForwardAcceptance.ensure} found: rules already there, rules made, or no iptables on this host. */
export type AcceptanceOutcome = 'present' | 'installed' | 'unavailable';

/** Lets forwarded packets of the container links pass Docker's firewall. */
export interface ForwardAcceptance {
  /**
   * Makes sure that packets from and to the links are accepted in FORWARD.
   * Repeating it changes nothing; rules that somebody flushed are made again.
   *
   * @throws NetfilterError when iptables is there and refuses.
   */
  ensure(): Promise<AcceptanceOutcome>;
  /** Takes the rules and the chain away. Nothing happens when they are not there. */
  remove(): Promise<void>;
}

const PROGRAMS = ['iptables', 'ip6tables'] as const;
const JUMP = ['FORWARD', '-j', FORWARD_CHAIN] as const;

/**
 * Accepts forwarding for every link whose name starts with `linkPrefix`: two rules, whatever the number of links.
 *
 * The rules stand in a chain of their own, called from the end of FORWARD: whatever an operator or Docker decides
 * earlier (DOCKER-USER for one) still counts, and only what would have met the policy is accepted. Docker sets that
 * policy to DROP when it had to switch forwarding on itself.
 *
 * Source: Docker docs, "Packet filtering and firewalls".
 *
 * @param options.linkPrefix start of the link names, at most 14 characters (iptables matches `prefix+`)
 */
export function createForwardAcceptance(
  deps: { readonly run: CommandRunner },
  options: { readonly linkPrefix: string },
): ForwardAcceptance {
  const { run } = deps;
  const matches = [
    ['-i', `${options.linkPrefix}+`, '-j', 'ACCEPT'],
    ['-o', `${options.linkPrefix}+`, '-j', 'ACCEPT'],
  ];

  async function check(program: string, rule: readonly string[]): Promise<boolean | undefined> {
    const result = await run([program, '--wait', '--check', ...rule]);
    return result === undefined ? undefined : result.exitCode === 0;
  }

  async function restore(program: string, lines: readonly string[]): Promise<void> {
    const text = ['*filter', ...lines, 'COMMIT', ''].join('\n');
    const result = await run([`${program}-restore`, '--wait', '--noflush'], text);
    if (result !== undefined && result.exitCode === 0) return;
    const programMessage = result === undefined ? `${program}-restore is not installed` : result.stderr;
    throw new NetfilterError({ operation: `${program}-restore of chain ${FORWARD_CHAIN}`, programMessage });
  }

  async function ensureFamily(program: string): Promise<AcceptanceOutcome> {
    const called = await check(program, JUMP);
    if (called === undefined) return 'unavailable';
    const filled = await Promise.all(matches.map((match) => check(program, [FORWARD_CHAIN, ...match])));
    if (called && filled.every((present) => present === true)) return 'present';
    await restore(program, [
      // Naming a chain creates it, or empties it: the transaction leaves exactly these rules.
      `:${FORWARD_CHAIN} - [0:0]`,
      ...matches.map((match) => `-A ${FORWARD_CHAIN} ${match.join(' ')}`),
      ...(called ? [] : [`-A ${JUMP.join(' ')}`]),
    ]);
    return 'installed';
  }

  async function removeFamily(program: string): Promise<void> {
    if (await check(program, JUMP)) await restore(program, [`-D ${JUMP.join(' ')}`]);
    const chain = await run([program, '--wait', '--list-rules', FORWARD_CHAIN]);
    if (chain?.exitCode === 0) await restore(program, [`-F ${FORWARD_CHAIN}`, `-X ${FORWARD_CHAIN}`]);
  }

  return {
    async ensure() {
      const outcomes: AcceptanceOutcome[] = [];
      for (const program of PROGRAMS) outcomes.push(await ensureFamily(program));
      if (outcomes.includes('installed')) return 'installed';
      return outcomes.includes('present') ? 'present' : 'unavailable';
    },
    async remove() {
      for (const program of PROGRAMS) await removeFamily(program);
    },
  };
}
