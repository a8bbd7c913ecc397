import type { ForwardPolicies, ForwardProgram, Policy } from '@routed/netfilter';
import { isNetnsError, type Netns } from '@routed/netns';
import type { Logger } from '../ground/logger.ts';
import { DatapathError } from '../ground/errors.ts';
import { type ForwardPolicyKey, isForwardPolicyKey } from './host-settings.ts';
import type { ChangedSetting, SavedSysctls } from './saved-sysctls.ts';

/** What a setting is to be. */
export interface WantedSetting {
  /** A sysctl with slashes, or a {@link ForwardPolicyKey}. */
  readonly key: string;
  readonly value: string;
  /** Only where it has this value now. */
  readonly insteadOf?: string;
  /** Of one link, which may be gone by now: its failure stops nothing else. */
  readonly isOfLink?: boolean;
}

/**
 * Sets sysctls and policies of FORWARD, reads them back, and puts back what was found.
 *
 * What was found is remembered before anything is written, also across restarts of the daemon. A setting that is as wanted
 * already is nobody's to restore, and neither is one that somebody has changed since. Where the ledger cannot be written,
 * settings are made all the same: {@link KernelSettings.problem} says so until it can.
 */
export class KernelSettings {
  readonly #netns: Pick<Netns, 'readSysctl' | 'writeSysctl'>;
  readonly #policies: Pick<ForwardPolicies, 'read' | 'write'>;
  readonly #ledger: SavedSysctls;
  readonly #logger: Logger;
  /** What the ledger has, or has to have; undefined before it was read. */
  #changed: readonly ChangedSetting[] | undefined;
  #problem: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: {
    readonly netns: Pick<Netns, 'readSysctl' | 'writeSysctl'>;
    readonly policies: Pick<ForwardPolicies, 'read' | 'write'>;
    readonly ledger: SavedSysctls;
    readonly logger: Logger;
  }) {
    this.#netns = deps.netns;
    this.#policies = deps.policies;
    this.#ledger = deps.ledger;
    this.#logger = deps.logger;
  }

  /** Why what was found is not remembered, for people. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The value; undefined when this kernel, or this namespace, has no such setting. */
  async read(key: string): Promise<string | undefined> {
    if (isForwardPolicyKey(key)) return await this.#policies.read(programOf(key));
    try {
      return await this.#netns.readSysctl(key);
    } catch (error) {
      if (isNetnsError(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /** Whether it is not as it was found, and we are the ones who changed it. */
  async isOurs(key: string): Promise<boolean> {
    return await this.#inTurn(async () => (await this.#entries()).some((one) => one.key === key));
  }

  /**
   * Sees to it that the settings have these values, one after another. The ledger is written at most once.
   *
   * The first that fails stops the rest, except those of links: these are made first, tell their failure at the end, and are
   * passed over when their link is gone.
   *
   * @throws DatapathError KERNEL_FEATURE_MISSING, NOT_PERMITTED
   */
  async ensure(wanted: readonly WantedSetting[]): Promise<void> {
    await this.#inTurn(async () => {
      const due = await this.#due(wanted);
      const changed = await this.#entries();
      if (due.length > 0) await this.#remember(merge(changed, due));
      else if (this.#problem !== undefined) await this.#remember(changed);
      const failures: DatapathError[] = [];
      for (const setting of due) {
        const failure = await this.#set(setting);
        if (failure !== undefined && setting.isOfLink !== true) throw failure;
        if (failure !== undefined) failures.push(failure);
      }
      if (failures[0] !== undefined) throw failures[0];
    });
  }

  /**
   * Puts back what was found; what is no longer there, or no longer ours, is forgotten. One that cannot be put back is logged, and
   * tried again next time.
   */
  async restore(isWanted: (key: string) => boolean): Promise<void> {
    await this.#inTurn(async () => {
      const changed = await this.#entries();
      const wanted = changed.filter(({ key }) => isWanted(key));
      if (wanted.length === 0) return;
      const failed: ChangedSetting[] = [];
      for (const setting of wanted.toReversed()) if (!(await this.#restore(setting))) failed.push(setting);
      await this.#remember(changed.filter((one) => !wanted.includes(one) || failed.includes(one)));
    });
  }

  /** Those that are as we set them, and not as they were found. */
  async changes(): Promise<readonly ChangedSetting[]> {
    return await this.#inTurn(async () => {
      const entries = await this.#entries();
      const now = await Promise.all(entries.map(({ key }) => this.read(key).catch(() => undefined)));
      return entries.filter(({ set }, index) => now[index] === set);
    });
  }

  async #due(wanted: readonly WantedSetting[]): Promise<DueSetting[]> {
    const due: DueSetting[] = [];
    for (const setting of wanted) {
      const { key, value, insteadOf, isOfLink } = setting;
      const found = await this.read(key);
      // Without iptables Docker filters nothing that a policy could keep closed.
      if (found === undefined && isOfLink !== true && !isForwardPolicyKey(key)) throw missing(key);
      if (found === undefined || found === value || (insteadOf !== undefined && found !== insteadOf)) continue;
      due.push({ ...setting, found });
    }
    return due;
  }

  /** Why not; undefined when it is done, or its link is gone. */
  async #set({ key, value, found }: DueSetting): Promise<DatapathError | undefined> {
    const outcome = await this.#write(key, value);
    if (outcome === 'gone') return undefined;
    if (outcome !== 'written') return refused(key, found, value, outcome);
    this.#logger.info({ setting: key, found, set: value }, 'kernel setting changed');
    return undefined;
  }

  async #restore({ key, found, set }: ChangedSetting): Promise<boolean> {
    const now = await this.read(key).catch(() => set);
    if (now !== set) {
      this.#logger.debug({ setting: key, now, set }, 'kernel setting was changed by others: not restored');
      return true;
    }
    const isRestored = typeof (await this.#write(key, found)) === 'string';
    if (isRestored) this.#logger.info({ setting: key, restored: found }, 'kernel setting restored');
    else this.#logger.warn({ setting: key, found, now }, 'kernel setting cannot be restored');
    return isRestored;
  }

  /** Whether the kernel then has the value, or no such setting any more; or why not. */
  async #write(key: string, value: string): Promise<'written' | 'gone' | Error> {
    try {
      if (isForwardPolicyKey(key)) {
        await this.#policies.write(programOf(key), value as Policy);
        return 'written';
      }
      await this.#netns.writeSysctl(key, value);
      // A sysctl that is out of range or not allowed to be this may be taken without a word.
      const now = await this.read(key);
      if (now === undefined) return 'gone';
      return now === value ? 'written' : new Error(`the kernel accepted ${value} but still reports ${now}`);
    } catch (error) {
      return isNetnsError(error, 'NOT_FOUND') ? 'gone' : (error as Error);
    }
  }

  async #entries(): Promise<readonly ChangedSetting[]> {
    this.#changed ??= await this.#ledger.load().catch((error: unknown) => {
      this.#logger.error({ err: error }, 'could not read the previous kernel settings: none will be restored');
      return [];
    });
    return this.#changed;
  }

  /** Never fails: containers need the settings more than somebody needs them back. */
  async #remember(changed: readonly ChangedSetting[]): Promise<void> {
    this.#changed = changed;
    try {
      await this.#ledger.save(changed);
      this.#problem = undefined;
    } catch (error) {
      const said = (error as Error).message;
      if (this.#problem === undefined)
        this.#logger.error({ err: error }, 'could not save the previous kernel settings');
      this.#problem =
        `could not save the previous kernel settings (${said}): settings are changed all the same, and restored ` +
        'by this process only; free space in the state directory';
    }
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

interface DueSetting extends WantedSetting {
  readonly found: string;
}

/** With what is about to be changed. At a second change of ours, what was found first counts. */
function merge(changed: readonly ChangedSetting[], due: readonly DueSetting[]): ChangedSetting[] {
  const entries = new Map(changed.map((one) => [one.key, one]));
  for (const { key, value, found } of due) {
    const first = entries.get(key)?.found ?? found;
    entries.delete(key);
    entries.set(key, { key, found: first, set: value });
  }
  return [...entries.values()];
}

function programOf(key: ForwardPolicyKey): ForwardProgram {
  return key === 'iptables/FORWARD' ? 'iptables' : 'ip6tables';
}

function missing(key: string): DatapathError {
  return new DatapathError(
    'KERNEL_FEATURE_MISSING',
    `sysctl ${key} does not exist: ${key.startsWith('net/ipv6/') ? 'IPv6 is not available here' : 'this kernel lacks it'}`,
  );
}

function refused(key: string, found: string, wanted: string, cause: Error): DatapathError {
  const [name, command] = isForwardPolicyKey(key)
    ? [`the policy of FORWARD (${programOf(key)})`, `${programOf(key)} -P FORWARD ${wanted}`]
    : [`sysctl ${key}`, `sysctl -w ${key.replaceAll('/', '.')}=${wanted}`];
  return new DatapathError(
    'NOT_PERMITTED',
    `${name} is ${found} and cannot be set (${cause.message}): run "${command}" on the host`,
    { cause },
  );
}
