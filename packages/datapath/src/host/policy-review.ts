import type { ForwardPolicies, ForwardProgram } from '@routed/netfilter';
import type { Logger } from '../ground/logger.ts';
import { FORWARD_POLICIES } from './host-settings.ts';
import type { KernelSettings } from './kernel-settings.ts';

type Family = 4 | 6;

const PROGRAMS: Readonly<Record<Family, ForwardProgram>> = { 4: 'iptables', 6: 'ip6tables' };

/** A Docker engine that is starting makes its bridge before it answers. */
const RETRY_MS = 1_000;
/** Then only the periodic rounds look. */
const MAX_RETRIES = 60;

/**
 * Gives the policy of FORWARD back where Docker does not filter what its bridges forward: with `--iptables=false`, with its
 * nftables backend, and IPv6 of engines that leave ip6tables alone. Nothing would accept their packets then, and Docker alone would
 * have left the policy as it was.
 *
 * Asked of a running engine only: one that starts takes its chains away for a moment.
 */
export class PolicyReview {
  readonly #settings: Pick<KernelSettings, 'isOurs' | 'restore'>;
  readonly #policies: Pick<ForwardPolicies, 'hasDockerChain'>;
  readonly #isNeededByOthers: (family: Family) => Promise<boolean>;
  readonly #isEngineUp: () => Promise<boolean>;
  readonly #logger: Logger;
  /** Families that Docker was seen to filter: the policy stays. */
  readonly #filtered = new Set<Family>();
  #retry: NodeJS.Timeout | undefined;
  #retries = 0;

  constructor(deps: {
    readonly settings: Pick<KernelSettings, 'isOurs' | 'restore'>;
    readonly policies: Pick<ForwardPolicies, 'hasDockerChain'>;
    /** Whether links that others made have addresses of the family. */
    readonly isNeededByOthers: (family: Family) => Promise<boolean>;
    readonly isEngineUp: () => Promise<boolean>;
    readonly logger: Logger;
  }) {
    this.#settings = deps.settings;
    this.#policies = deps.policies;
    this.#isNeededByOthers = deps.isNeededByOthers;
    this.#isEngineUp = deps.isEngineUp;
    this.#logger = deps.logger;
  }

  /** Looks once, and again each second for a minute while an engine with bridges does not answer. */
  async review(): Promise<void> {
    for (const family of [4, 6] as const) {
      const key = FORWARD_POLICIES[family];
      if (this.#filtered.has(family) || !(await this.#settings.isOurs(key))) continue;
      if (!(await this.#isNeededByOthers(family))) continue;
      if (!(await this.#isEngineUp())) {
        this.#lookAgain();
        continue;
      }
      if (await this.#policies.hasDockerChain(PROGRAMS[family])) {
        this.#filtered.add(family);
        continue;
      }
      this.#logger.info({ setting: key }, 'Docker does not filter here: restored the previous policy');
      await this.#settings.restore((one) => one === key);
    }
  }

  #lookAgain(): void {
    if (this.#retry !== undefined || this.#retries >= MAX_RETRIES) return;
    this.#retries += 1;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.review().catch((error: unknown) => {
        this.#logger.error({ err: error }, 'reviewing the policy of FORWARD failed');
      });
    }, RETRY_MS).unref();
  }
}
