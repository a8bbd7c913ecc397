import { type Direction, DIRECTIONS } from '../allow-list/allow-list.ts';
import type { CommandRunner } from '../command-runner.ts';
import { failureOf } from '../netfilter-error.ts';
import { FAMILIES } from '../ruleset-damage.ts';
import type { DnsHandover } from './dns-handover.ts';
import type { KernelSets } from './kernel-sets.ts';
import { type EndpointFilter, hasRanges, isUntracked, LIST_SETS, UNTRACKED_SETS } from './layout.ts';
import { type RulesetNeeds, type RulesetOptions, rulesetScript } from './ruleset.ts';

/** What {@link LoadedRules.ensure} found: the rules as it loaded them; others, or none, so that it loaded them; or no `nft`. */
type RulesOutcome = 'intact' | 'loaded' | 'unavailable';

/** In place of what the kernel's rules are known by, where they are to be loaded anew. */
const OUTDATED = 'of other rules';

/** The tables, sets, chains and rules that all filters share: loaded by `nft`, with what filters need of them so far. */
export class LoadedRules {
  readonly #run: CommandRunner;
  readonly #sets: Pick<KernelSets, 'elements' | 'rulesFingerprint'>;
  readonly #dns: Pick<DnsHandover, 'target'>;
  readonly #options: RulesetOptions;
  /** What the rules are known by, as they were loaded. */
  #fingerprint: string | undefined;
  #isAvailable: boolean | undefined;
  #isLogging: boolean | undefined;
  /** The directions in which a list has, or had, ranges of ports: the rules are loaded with the first one. */
  readonly #ranged = new Set<Direction>();
  /** Whether they leave anything untracked: these rules are loaded with the first link that wants it. */
  #isUntracked = false;

  constructor(
    deps: {
      readonly run: CommandRunner;
      readonly sets: Pick<KernelSets, 'elements' | 'rulesFingerprint'>;
      readonly dns: Pick<DnsHandover, 'target'>;
    },
    options: RulesetOptions,
  ) {
    this.#run = deps.run;
    this.#sets = deps.sets;
    this.#dns = deps.dns;
    this.#options = options;
  }

  /** Whether this object loaded them: what the kernel had before is of an earlier process. */
  get areLoaded(): boolean {
    return this.#fingerprint !== undefined;
  }

  /** Whether there is an `nft`; undefined before it was looked for. */
  get isAvailable(): boolean | undefined {
    return this.#isAvailable;
  }

  /** Whether refused packets are written to the log group; undefined: no rules are loaded, or they are to write nothing. */
  get isLogging(): boolean | undefined {
    return this.#isAvailable === true && this.#options.logGroup !== undefined ? this.#isLogging : undefined;
  }

  /** Notes what a filter needs of the rules; says whether those that are loaded lack it, so that they are to be loaded anew. */
  need(filter: EndpointFilter): boolean {
    const added = DIRECTIONS.filter((direction) => hasRanges(filter[direction]) && !this.#ranged.has(direction));
    for (const direction of added) this.#ranged.add(direction);
    const isFirstUntracked = isUntracked(filter) && !this.#isUntracked;
    this.#isUntracked ||= isFirstUntracked;
    const isNeeded = added.length > 0 || isFirstUntracked;
    if (isNeeded) this.outdate();
    return isNeeded;
  }

  /** They are to be loaded anew. */
  outdate(): void {
    if (this.areLoaded) this.#fingerprint = OUTDATED;
  }

  /**
   * Loads them unless they are in the kernel as they were loaded.
   *
   * @param onLoaded awaited when `nft` has loaded them, before anything of the kernel is read
   * @throws NetfilterError FIREWALL_REFUSED; NetlinkError
   */
  async ensure(onLoaded: () => Promise<void>): Promise<RulesOutcome> {
    if (!this.areLoaded) await this.#findNeeds();
    else if (this.#fingerprint === (await this.#sets.rulesFingerprint())) return 'intact';
    this.#isAvailable = await this.#load();
    if (this.#isAvailable) await onLoaded();
    this.#fingerprint = this.#isAvailable ? await this.#sets.rulesFingerprint() : undefined;
    return this.#isAvailable ? 'loaded' : 'unavailable';
  }

  /** Takes them away, with all that is in them. Without `nft` nothing happens. @throws NetfilterError FIREWALL_REFUSED */
  async remove(): Promise<void> {
    const { table } = this.#options;
    const result = await this.#run(['nft', '-f', '-'], deletion(table));
    if (result !== undefined && result.exitCode !== 0) throw failureOf(`removing table ${table}`, 'nft', result);
    this.#isUntracked = false;
    this.#isAvailable = undefined;
    this.#fingerprint = undefined;
  }

  /** Filters of the process before may have ranges, or leave packets untracked. */
  async #findNeeds(): Promise<void> {
    const isAny = async (set: string): Promise<boolean> => (await this.#sets.elements('inet', set)).length > 0;
    if (await isAny(UNTRACKED_SETS.from)) this.#isUntracked = true;
    for (const direction of DIRECTIONS) if (await isAny(LIST_SETS[direction].ranged)) this.#ranged.add(direction);
  }

  /**
   * Sets of another version, with other keys, are in the way: then everything is made anew. A kernel that cannot log gets rules that do
   * not.
   */
  async #load(): Promise<boolean> {
    const { logGroup, ...withoutLog } = this.#options;
    const load = (script: string): ReturnType<CommandRunner> => this.#run(['nft', '-f', '-'], script);
    const anew = deletion(this.#options.table);
    const needs: RulesetNeeds = { dns: this.#dns.target, ranged: this.#ranged, isUntracked: this.#isUntracked };
    const script = rulesetScript(this.#options, needs);
    this.#isLogging = logGroup !== undefined;
    const result = await load(script);
    if (result === undefined) return false;
    if (result.exitCode === 0) return true;
    const again = await load(anew + script);
    if (again?.exitCode === 0) return true;
    this.#isLogging = false;
    if (logGroup !== undefined && (await load(anew + rulesetScript(withoutLog, needs)))?.exitCode === 0) return true;
    throw failureOf(`filters of containers in table ${this.#options.table}`, 'nft', again);
  }
}

/** Naming a table creates it, so that deleting it cannot fail. */
function deletion(table: string): string {
  return FAMILIES.map((family) => `table ${family} ${table}\ndelete table ${family} ${table}\n`).join('');
}
