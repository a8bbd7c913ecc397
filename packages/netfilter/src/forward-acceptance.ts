import type { CommandRunner } from './command-runner.ts';
import { isRejectedByFirewalld } from './firewalld.ts';
import { FORWARD_CHAIN, forwardJump, forwardRules } from './forward-rules.ts';
import { areOnNfTables } from './iptables-variant.ts';
import { failureOf } from './netfilter-error.ts';
import type { RulesetWatch } from './ruleset-watch.ts';
import { isRejectedByUfw } from './ufw.ts';

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
  let passedMark: number | undefined;
  const hearing = new Hearing(run, watch);
  watch?.on('damage', (rules) => {
    if (rules !== 'forward') return;
    damages += 1;
    certain = undefined;
  });

  const acceptance: ForwardAcceptance = {
    async acceptMarked(bits) {
      passedMark = bits === 0 ? undefined : bits;
      return await acceptance.ensure();
    },
    async ensure() {
      const rules = forwardRules(linkPrefix, await deps.uplinks(), passedMark, chain);
      if (rules.join() === certain) return 'present';
      const damagesBefore = damages;
      const isTold = hearing.isTold();
      const [found, isRejected] = await Promise.all([
        lookAt(run, chain),
        isRejectedByFirewalld(run, linkPrefix),
        isTold,
      ]);
      const outcome = await ensureRules(found, rules);
      // The programs may come later.
      if (outcome === 'unavailable') hearing.forget();
      const overruler = overrulerOf(found, isRejected, chain);
      if (overruler !== undefined) return `overruled by ${overruler}`;
      const isCertain = outcome !== 'unavailable' && damages === damagesBefore && (await isTold);
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

/** Whether a change of the rules would be reported. */
class Hearing {
  readonly #run: CommandRunner;
  readonly #watch: RulesetWatch | undefined;
  #areOnNfTables: boolean | undefined;

  constructor(run: CommandRunner, watch: RulesetWatch | undefined) {
    this.#run = run;
    this.#watch = watch;
  }

  /** Runs the programs the first time. */
  async isTold(): Promise<boolean> {
    if (this.#watch === undefined || this.#watch.isDeaf) return false;
    this.#areOnNfTables ??= await areOnNfTables(this.#run);
    return this.#areOnNfTables;
  }

  /** The programs are asked again. */
  forget(): void {
    this.#areOnNfTables = undefined;
  }
}

/** What there is of a family. */
interface Found {
  readonly place: Place;
  /** Whether FORWARD calls our chain. */
  readonly isCalled: boolean;
  /** The rules of our chain; undefined when there is no such chain. */
  readonly ours: readonly string[] | undefined;
  /** The filter table, line by line; empty where it cannot be listed. */
  readonly listed: readonly string[];
}

/** What there is, of each family whose program is installed: the programs run at the same time, and each but once. */
async function lookAt(run: CommandRunner, chain: string): Promise<readonly Found[]> {
  const found = await Promise.all(PROGRAMS.map((program) => lookAtFamily({ run, program, chain })));
  return found.filter((family) => family !== undefined);
}

async function lookAtFamily(place: Place): Promise<Found | undefined> {
  const result = await place.run([place.program, '--wait', '--list-rules']);
  if (result === undefined) return undefined;
  if (result.exitCode !== 0) {
    // A table that holds what only nft can list refuses to be listed as a whole.
    const isCalled = await isCalledFrom(place);
    return { place, isCalled, ours: isCalled ? await listChain(place) : undefined, listed: [] };
  }
  const listed = result.stdout.split('\n');
  const ours = listed.filter((line) => line.startsWith(`-A ${place.chain} `));
  return { place, isCalled: listed.includes(`-A ${forwardJump(place.chain).join(' ')}`), ours, listed };
}

function overrulerOf(found: readonly Found[], isRejected: boolean, chain: string): Overruler | undefined {
  if (found.length === 0) return undefined;
  if (isRejected) return 'firewalld';
  // Rules of ours that were made since come after those that there were.
  return found.some(({ listed }) => isRejectedByUfw(listed, chain)) ? 'ufw' : undefined;
}

async function ensureRules(found: readonly Found[], rules: readonly string[]): Promise<AcceptanceOutcome> {
  const outcomes: AcceptanceOutcome[] = [];
  for (const family of found) outcomes.push(await ensureFamily(family, rules));
  if (outcomes.includes('installed')) return 'installed';
  return outcomes.includes('present') ? 'present' : 'unavailable';
}

async function ensureFamily({ place, isCalled, ours }: Found, rules: readonly string[]): Promise<AcceptanceOutcome> {
  const { chain } = place;
  if (isCalled && ours?.join() === rules.join()) return 'present';
  await restore(place, [
    // Naming a chain creates it, or empties it: the transaction leaves exactly these rules.
    `:${chain} - [0:0]`,
    ...rules,
    ...(isCalled ? [] : [`-A ${forwardJump(chain).join(' ')}`]),
  ]);
  return 'installed';
}

async function removeFamily(place: Place): Promise<void> {
  const { chain } = place;
  if (await isCalledFrom(place)) await restore(place, [`-D ${forwardJump(chain).join(' ')}`]);
  if ((await listChain(place)) === undefined) return;
  await restore(place, [`-F ${chain}`, `-X ${chain}`]);
}

/** Whether FORWARD calls our chain; not without the program. */
async function isCalledFrom({ run, program, chain }: Place): Promise<boolean> {
  const result = await run([program, '--wait', '--check', ...forwardJump(chain)]);
  return result?.exitCode === 0;
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
