import type { Address, AddressEvent, Link, LinkEvent } from '@routed/netns';
import type { SandboxState } from './sandbox-plan.ts';
import type { SandboxView } from './sandbox-view.ts';

/** What is known of a sandbox so far. */
export interface KnownState extends SandboxState {
  /** Whether that is all there is. */
  readonly isComplete: boolean;
}

/**
 * The links and addresses of a sandbox: asked for once, and heard of as they change, which is sooner.
 *
 * The kernel lists links under its one RTNL lock, which can take 15 ms and more while links are moved or deleted, on
 * this host or in any container.
 */
export class SandboxCache {
  readonly #view: SandboxView;
  readonly #signal: AbortSignal;
  readonly #links = new Map<number, Link>();
  readonly #addresses = new Map<string, Address>();
  /** The events since the kernel was asked: its answer may be older. Undefined: it has answered. */
  #unanswered: (() => void)[] | undefined;
  #hasChanged = false;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  /** @param signal ends {@link change} */
  constructor(view: SandboxView, signal: AbortSignal) {
    this.#view = view;
    this.#signal = signal;
    view.events.on('link', (event) => this.#hear(() => this.#onLink(event)));
    view.events.on('address', (event) => this.#hear(() => this.#onAddress(event)));
    view.events.on('overrun', () => this.#ask());
    view.events.on('error', this.#fail);
    signal.addEventListener('abort', this.#onAbort);
    this.#ask();
  }

  readonly #onAbort = (): void => this.#wake();

  readonly #fail = (error: Error): void => {
    this.#failure = error;
    this.#note();
  };

  /** What is known by now. @throws Error when the sandbox cannot be heard any more */
  read(): KnownState {
    if (this.#failure !== undefined) throw this.#failure;
    this.#hasChanged = false;
    const [links, addresses] = [[...this.#links.values()], [...this.#addresses.values()]];
    return { links, addresses, isComplete: this.#unanswered === undefined };
  }

  /** Waits for news since {@link read}; false: the signal came first. */
  async change(): Promise<boolean> {
    if (!this.#hasChanged && !this.#signal.aborted) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#hasChanged;
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  #ask(): void {
    const { links, addresses } = this.#view.rtnl;
    const since: (() => void)[] = [];
    this.#unanswered = since;
    Promise.all([links.list(), addresses.list()]).then(([allLinks, allAddresses]) => {
      // Asked again meanwhile: events were lost, and this answer may be older than they are.
      if (this.#unanswered !== since) return;
      this.#unanswered = undefined;
      this.#links.clear();
      this.#addresses.clear();
      for (const link of allLinks) this.#links.set(link.index, link);
      for (const address of allAddresses) this.#addresses.set(keyOf(address), address);
      for (const repeat of since) repeat();
      this.#note();
    }, this.#fail);
  }

  #hear(take: () => void): void {
    this.#unanswered?.push(take);
    take();
    this.#note();
  }

  #onLink({ change, link }: LinkEvent): void {
    if (change === 'new') {
      this.#links.set(link.index, link);
      return;
    }
    this.#links.delete(link.index);
    for (const [key, { linkIndex }] of this.#addresses) if (linkIndex === link.index) this.#addresses.delete(key);
  }

  #onAddress({ change, address }: AddressEvent): void {
    if (change === 'new') this.#addresses.set(keyOf(address), address);
    else this.#addresses.delete(keyOf(address));
  }

  #note(): void {
    this.#hasChanged = true;
    this.#wake();
  }
}

function keyOf({ linkIndex, address }: Address): string {
  return `${linkIndex} ${address}`;
}
