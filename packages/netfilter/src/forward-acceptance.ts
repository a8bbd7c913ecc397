import type { CommandRunner } from './command-runner.ts';
import { isRejectedByFirewalld } from './firewalld.ts';
import { FORWARD_CHAIN, FORWARD_JUMP, forwardRules } from './forward-rules.ts';
import { failureOf } from './netfilter-error.ts';
import type { RulesetWatch } from './ruleset-watch.ts';

/**
 * What {@link ForwardAcceptance.ensure} found: rules already there, rules made, no iptables on this host; or rules that are there
 * and do not help, because firewalld rejects what they accept until its operator gives the links a zone and policies: see README.
 */
export type AcceptanceOutcome = 'present' | 'installed' | 'unavailable' | 'overruled';

/** Lets forwarded packets of the container links pass Docker's firewall. */
export interface ForwardAcceptance {
  /**
   * Makes sure that packets from and to the links are accepted in FORWARD, and follows the uplinks.
   * Repeating it changes nothing; rules that somebody flushed are made again. While a {@link RulesetWatch} hears of no damage and
   * the uplinks stay the same, nothing is run.
   *
   * @throws NetfilterError when iptables is there and refuses.
   */
  ensure(): Promise<AcceptanceOutcome>;
  /** Takes the rules and the chain away. Nothing happens when they are not there. */
  remove(): Promise<void>;
}

const PROGRAMS = ['iptables', 'ip6tables'] as const;

/**
 * Accepts forwarding for every link whose name starts with `linkPrefix`: a few rules, whatever the number of links; which
 * ones, see {@link forwardRules}.
 *
 * The rules stand in a chain of their own, called from the end of FORWARD: whatever an operator or Docker decides
 * earlier (DOCKER-USER for one) still counts, and only what would have met the policy is accepted. Docker sets that
 * policy to DROP when it had to switch forwarding on itself.
 *
 * Source: Docker docs, "Packet filtering and firewalls".
 *
 * @param deps.uplinks the names of the links that lead off the host, as they are now: see `uplinkNames`
 * @param deps.watch without one, every `ensure` runs iptables to look
 * @param options.linkPrefix start of the link names, at most 14 characters (iptables matches `prefix+`)
 */
export function createForwardAcceptance(
  deps: {
    readonly run: CommandRunner;
    readonly uplinks: () => Promise<readonly string[]>;
    readonly watch?: RulesetWatch | undefined;
  },
  options: { readonly linkPrefix: string },
): ForwardAcceptance {
  const { run, uplinks, watch } = deps;
  /** The rules that are in force for certain. */
  let certain: string | undefined;
  let damages = 0;
  let isHeard: boolean | undefined;
  watch?.on('damage', (rules) => {
    if (rules !== 'forward') return;
    damages += 1;
    certain = undefined;
  });

  async function ensureRules(rules: readonly string[]): Promise<AcceptanceOutcome> {
    const outcomes: AcceptanceOutcome[] = [];
    for (const program of PROGRAMS) outcomes.push(await ensureFamily(run, program, rules));
    if (outcomes.includes('installed')) return 'installed';
    return outcomes.includes('present') ? 'present' : 'unavailable';
  }

  /** Whether a change of the rules would be reported. */
  async function isWatched(): Promise<boolean> {
    if (watch === undefined || watch.isDeaf) return false;
    isHeard ??= (await Promise.all(PROGRAMS.map((program) => isOnNfTables(run, program)))).every(Boolean);
    return isHeard;
  }

  return {
    async ensure() {
      const rules = forwardRules(options.linkPrefix, await uplinks());
      if (rules.join() === certain) return 'present';
      const damagesBefore = damages;
      const outcome = await ensureRules(rules);
      if (outcome !== 'unavailable' && (await isRejectedByFirewalld(run, options.linkPrefix))) return 'overruled';
      const isCertain = outcome !== 'unavailable' && damages === damagesBefore && (await isWatched());
      certain = isCertain ? rules.join() : undefined;
      return outcome;
    },
    async remove() {
      certain = undefined;
      for (const program of PROGRAMS) await removeFamily(run, program);
    },
  };
}

async function ensureFamily(run: CommandRunner, program: string, rules: readonly string[]): Promise<AcceptanceOutcome> {
  const called = await isCalled(run, program);
  if (called === undefined) return 'unavailable';
  if (called && (await listChain(run, program))?.join() === rules.join()) return 'present';
  await restore(run, program, [
    // Naming a chain creates it, or empties it: the transaction leaves exactly these rules.
    `:${FORWARD_CHAIN} - [0:0]`,
    ...rules,
    ...(called ? [] : [`-A ${FORWARD_JUMP.join(' ')}`]),
  ]);
  return 'installed';
}

async function removeFamily(run: CommandRunner, program: string): Promise<void> {
  if (await isCalled(run, program)) await restore(run, program, [`-D ${FORWARD_JUMP.join(' ')}`]);
  if ((await listChain(run, program)) === undefined) return;
  await restore(run, program, [`-F ${FORWARD_CHAIN}`, `-X ${FORWARD_CHAIN}`]);
}

/** Whether FORWARD calls our chain; undefined without the program. */
async function isCalled(run: CommandRunner, program: string): Promise<boolean | undefined> {
  const result = await run([program, '--wait', '--check', ...FORWARD_JUMP]);
  return result === undefined ? undefined : result.exitCode === 0;
}

/** The rules of our chain; undefined when there is no such chain. */
async function listChain(run: CommandRunner, program: string): Promise<string[] | undefined> {
  const result = await run([program, '--wait', '--list-rules', FORWARD_CHAIN]);
  if (result?.exitCode !== 0) return undefined;
  return result.stdout.split('\n').filter((line) => line.startsWith('-A '));
}

async function restore(run: CommandRunner, program: string, lines: readonly string[]): Promise<void> {
  const text = ['*filter', ...lines, 'COMMIT', ''].join('\n');
  const result = await run([`${program}-restore`, '--wait', '--noflush'], text);
  if (result !== undefined && result.exitCode === 0) return;
  throw failureOf(`rules of chain ${FORWARD_CHAIN}`, `${program}-restore`, result);
}

/** "iptables v1.8.9 (nf_tables)"; the other variant says "(legacy)". */
async function isOnNfTables(run: CommandRunner, program: string): Promise<boolean> {
  const result = await run([program, '--version']);
  return result?.stdout.includes('nf_tables') ?? false;
}
