import { isNetnsError, type Netns } from '@routed/netns';
import type { Logger } from '../logger.ts';
import { RoutedError } from '../routed-error.ts';
import type { ChangedSetting, SettingsLedger } from './settings-ledger.ts';

/**
 * Sets sysctls, reads them back, and puts back what was found.
 *
 * What was found is remembered before anything is written, also across restarts of the daemon. A setting that is as wanted
 * already is nobody's to restore, and neither is one that somebody has changed since.
 */
export class KernelSettings {
  readonly #netns: Pick<Netns, 'readSysctl' | 'writeSysctl'>;
  readonly #ledger: SettingsLedger;
  readonly #logger: Logger;

  constructor(deps: {
    readonly netns: Pick<Netns, 'readSysctl' | 'writeSysctl'>;
    readonly ledger: SettingsLedger;
    readonly logger: Logger;
  }) {
    this.#netns = deps.netns;
    this.#ledger = deps.ledger;
    this.#logger = deps.logger;
  }

  /** The value; undefined when this kernel, or this namespace, has no such setting. */
  async read(key: string): Promise<string | undefined> {
    try {
      return await this.#netns.readSysctl(key);
    } catch (error) {
      if (isNetnsError(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /**
   * Sees to it that the setting has this value.
   *
   * @throws RoutedError KERNEL_FEATURE_MISSING, NOT_PERMITTED
   */
  async ensure(key: string, wanted: string): Promise<void> {
    const found = await this.read(key);
    if (found === wanted) return;
    if (found === undefined) throw missing(key);
    const changed = await this.#ledger.load();
    // A second change of ours: what was found first counts.
    const first = changed.find((one) => one.key === key)?.found ?? found;
    await this.#ledger.save([...changed.filter((one) => one.key !== key), { key, found: first, set: wanted }]);
    const isSet = await this.#write(key, wanted);
    if (isSet !== true) throw refused(key, found, wanted, isSet);
    this.#logger.info({ sysctl: key, found, set: wanted }, 'kernel setting changed');
  }

  /** Puts back what was found. One that cannot be put back is logged, and tried again next time. */
  async restore(isWanted: (key: string) => boolean): Promise<void> {
    const changed = await this.#ledger.load();
    const wanted = changed.filter(({ key }) => isWanted(key));
    if (wanted.length === 0) return;
    const failed: ChangedSetting[] = [];
    for (const setting of wanted.toReversed()) if (!(await this.#restore(setting))) failed.push(setting);
    await this.#ledger.save(changed.filter((one) => !wanted.includes(one) || failed.includes(one)));
  }

  async #restore({ key, found, set }: ChangedSetting): Promise<boolean> {
    const now = await this.read(key);
    if (now !== set) {
      this.#logger.debug({ sysctl: key, now, set }, 'kernel setting is no longer ours: left as it is');
      return true;
    }
    const isRestored = (await this.#write(key, found)) === true;
    if (isRestored) this.#logger.info({ sysctl: key, restored: found }, 'kernel setting restored');
    else this.#logger.warn({ sysctl: key, found, now }, 'kernel setting cannot be restored');
    return isRestored;
  }

  /** Whether the kernel then has the value, or why not. */
  async #write(key: string, value: string): Promise<true | Error> {
    try {
      await this.#netns.writeSysctl(key, value);
    } catch (error) {
      return error as Error;
    }
    const now = await this.read(key);
    return now === value ? true : new Error(`the kernel took ${value} and still says ${now ?? 'nothing'}`);
  }
}

function missing(key: string): RoutedError {
  return new RoutedError(
    'KERNEL_FEATURE_MISSING',
    `sysctl ${key} does not exist: ${key.startsWith('net/ipv6/') ? 'IPv6 is not available here' : 'this kernel lacks it'}`,
  );
}

function refused(key: string, found: string, wanted: string, cause: Error): RoutedError {
  return new RoutedError(
    'NOT_PERMITTED',
    `sysctl ${key} is ${found} and cannot be set (${cause.message}): run ` +
      `"sysctl -w ${key.replaceAll('/', '.')}=${wanted}" on the host`,
    { cause },
  );
}
