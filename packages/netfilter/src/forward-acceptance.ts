import type { CommandRunner } from './command-runner.ts';
import { isRejectedByFirewalld } from './firewalld.ts';
import { FORWARD_CHAIN, forwardJump, forwardRules } from './forward-rules.ts';
import { areOnNfTables } from './iptables-variant.ts';
import { failureOf } from './netfilter-error.ts';
import type { RulesetWatch } from './ruleset-watch.ts';
import { doesUfwReject } from './ufw.ts';

/** A firewall that rejects before our rules are asked, or whatever they accept. */
export type Overruler = 'firewalld' | 'ufw';

/**
 * What {@link ForwardAcceptance.ensure} found: rules already there, rules made, no iptables on this host; or rules that are there
 * and do not help, because another firewall rejects what they accept until its operator changes it: {@link OVERRULED_REMEDY}.
 */
export type AcceptanceOutcome = 'present' | 'installed' | 'unavailable' | `overruled by ${Overruler}`;

/** What an operator does about it. */
export const OVERRULED_REMEDY: Readonly<Record<AcceptanceOutcome & `overruled by ${Overruler}`, string>> = {
  'overruled by firewalld': 'give the links a zone and a policy in each direction',
  'overruled by ufw': 'run "ufw default deny routed": it drops the same packets, after these rules',
};

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
  /**
   * From now on also accepts packets with these bits in their mark, whatever their links are; 0: no longer. As {@link ensure}.
   *
   * @throws NetfilterError when iptables is there and refuses.
   */
  acceptMarked(bits: number): Promise<AcceptanceOutcome>;
  /** Takes the rules and the chain away. Nothing happens when they are not there. */
  remove(): Promise<void>;
}

const PROGRAMS = ['iptables', 'ip6tables'] as const;

/** Where the rules of one family are. */
interface Place {
  readonly run: CommandRunner;
  readonly program: string;
  readonly chain: string;
}

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
 * @param options.chain name of the chain, at most 28 characters; two users of this package need two
 */
export function createForwardAcceptance(
  deps: {
    readonly run: CommandRunner;
    readonly uplinks: () => Promise<readonly string[]>;
    readonly watch?: RulesetWatch | undefined;
  },
  options: { readonly linkPrefix: string; readonly chain?: string },
): ForwardAcceptance {
  const { run, watch } = deps;
  const { linkPrefix, chain = FORWARD_CHAIN } = options;
  /** The rules that are in force for certain. */
  let certain: string | undefined;
  let damages = 0;
  let isHeard: boolean | undefined;
  let passedMark: number | undefined;
  watch?.on('damage', (rules) => {
    if (rules !== 'forward') return;
    damages += 1;
    certain = undefined;
  });

  /** Whether a change of the rules would be reported. */
  async function isWatched(): Promise<boolean> {
    if (watch === undefined || watch.isDeaf) return false;
    isHeard ??= await areOnNfTables(run);
    return isHeard;
  }

  const acceptance: ForwardAcceptance = {
    async acceptMarked(bits) {
      passedMark = bits === 0 ? undefined : bits;
      return await acceptance.ensure();
    },
    async ensure() {
      const rules = forwardRules(linkPrefix, await deps.uplinks(), passedMark, chain);
      if (rules.join() === certain) return 'present';
      const damagesBefore = damages;
      const outcome = await ensureRules(run, chain, rules);
      const overruler = outcome === 'unavailable' ? undefined : await overrulerOf(run, linkPrefix, chain);
      if (overruler !== undefined) return `overruled by ${overruler}`;
      const isCertain = outcome !== 'unavailable' && damages === damagesBefore && (await isWatched());
      certain = isCertain ? rules.join() : undefined;
      return outcome;
    },
    async remove() {
      [certain, passedMark] = [undefined, undefined];
      for (const program of PROGRAMS) await removeFamily({ run, program, chain });
    },
  };
  return acceptance;
}

async function overrulerOf(run: CommandRunner, linkPrefix: string, chain: string): Promise<Overruler | undefined> {
  if (await isRejectedByFirewalld(run, linkPrefix)) return 'firewalld';
  return (await doesUfwReject(run, chain)) ? 'ufw' : undefined;
}

async function ensureRules(run: CommandRunner, chain: string, rules: readonly string[]): Promise<AcceptanceOutcome> {
  const outcomes: AcceptanceOutcome[] = [];
  for (const program of PROGRAMS) outcomes.push(await ensureFamily({ run, program, chain }, rules));
  if (outcomes.includes('installed')) return 'installed';
  return outcomes.includes('present') ? 'present' : 'unavailable';
}

async function ensureFamily(place: Place, rules: readonly string[]): Promise<AcceptanceOutcome> {
  const { chain } = place;
  const called = await isCalled(place);
  if (called === undefined) return 'unavailable';
  if (called && (await listChain(place))?.join() === rules.join()) return 'present';
  await restore(place, [
    // Naming a chain creates it, or empties it: the transaction leaves exactly these rules.
    `:${chain} - [0:0]`,
    ...rules,
    ...(called ? [] : [`-A ${forwardJump(chain).join(' ')}`]),
  ]);
  return 'installed';
}

async function removeFamily(place: Place): Promise<void> {
  const { chain } = place;
  if (await isCalled(place)) await restore(place, [`-D ${forwardJump(chain).join(' ')}`]);
  if ((await listChain(place)) === undefined) return;
  await restore(place, [`-F ${chain}`, `-X ${chain}`]);
}

/** Whether FORWARD calls our chain; undefined without the program. */
async function isCalled({ run, program, chain }: Place): Promise<boolean | undefined> {
  const result = await run([program, '--wait', '--check', ...forwardJump(chain)]);
  return result === undefined ? undefined : result.exitCode === 0;
}

/** The rules of our chain; undefined when there is no such chain. */
async function listChain({ run, program, chain }: Place): Promise<string[] | undefined> {
  const result = await run([program, '--wait', '--list-rules', chain]);
  if (result?.exitCode !== 0) return undefined;
  return result.stdout.split('\n').filter((line) => line.startsWith('-A '));
}

async function restore({ run, program, chain }: Place, lines: readonly string[]): Promise<void> {
  const text = ['*filter', ...lines, 'COMMIT', ''].join('\n');
  const result = await run([`${program}-restore`, '--wait', '--noflush'], text);
  if (result !== undefined && result.exitCode === 0) return;
  throw failureOf(`rules of chain ${chain}`, `${program}-restore`, result);
}
