import type { EndpointFilters, ForwardAcceptance } from '@routed/netfilter';
import type { ReconcileReporter } from './reconcile-reporter.ts';

/** Rules of the firewall that the host needs as a whole. */
interface Rules {
  readonly acceptance: Pick<ForwardAcceptance, 'ensure' | 'remove'>;
  readonly filters: Pick<EndpointFilters, 'ensure' | 'clear' | 'isLogging'>;
}

/** The same rules, which tell the observer when they are made, and when they were not as they had been left. */
export function observeRules({ acceptance, filters }: Rules, observer: Pick<ReconcileReporter, 'onRules'>): Rules {
  const forward = new Presence('rules that accept forwarding from and to containers', observer);
  const own = new Presence('rules that filter what containers send and get', observer);
  return {
    acceptance: {
      ensure: async () => forward.note(await acceptance.ensure()),
      remove: async () => {
        forward.isThere = false;
        await acceptance.remove();
      },
    },
    filters: {
      get isLogging() {
        return filters.isLogging;
      },
      ensure: async () => own.note(await filters.ensure()),
      clear: async () => {
        own.isThere = false;
        await filters.clear();
      },
    },
  };
}

/** Whether rules were there when they were last looked at; unknown when the daemon starts. */
class Presence {
  readonly #what: string;
  readonly #observer: Pick<ReconcileReporter, 'onRules'>;
  isThere = false;

  constructor(what: string, observer: Pick<ReconcileReporter, 'onRules'>) {
    this.#what = what;
    this.#observer = observer;
  }

  note<T extends string>(outcome: T): T {
    const text: string = outcome;
    const isMade = text === 'installed' || text === 'repaired';
    if (isMade) this.#observer.onRules(this.#what, text === 'repaired' || this.isThere);
    this.isThere = isMade || text === 'present';
    return outcome;
  }
}
