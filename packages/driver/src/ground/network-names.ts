import type { Logger } from '@routed/datapath';
import type { DockerNetworks } from '@routed/docker-engine';

/** How long what Docker said is taken for what it would say. */
const FRESH_MS = 10_000;
/** How long Docker may take: whoever wants names can do without. */
const PATIENCE_MS = 2_000;

interface NetworkNamesDeps {
  readonly docker: Pick<DockerNetworks, 'networks'>;
  readonly logger: Pick<Logger, 'debug'>;
}

/** What people call each network, as far as Docker has said it lately. */
export class NetworkNames {
  readonly #deps: NetworkNamesDeps;
  #names: ReadonlyMap<string, string> = new Map();
  #asking: Promise<void> | undefined;
  #askedAtMs = -Infinity;

  constructor(deps: NetworkNamesDeps) {
    this.#deps = deps;
  }

  of(networkId: string): string | undefined {
    return this.#names.get(networkId);
  }

  /**
   * Asks Docker, unless it was asked a moment ago. One that does not answer is nobody's problem: what it said last stays. Never inside a
   * call of Docker's, which it may be waiting for.
   */
  async refresh(): Promise<void> {
    if (performance.now() - this.#askedAtMs < FRESH_MS) return;
    await (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)));
  }

  async #ask(): Promise<void> {
    this.#askedAtMs = performance.now();
    try {
      const networks = await this.#deps.docker.networks(AbortSignal.timeout(PATIENCE_MS));
      this.#names = new Map(networks.map(({ id, name }) => [id, name]));
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'Docker did not say the names of its networks');
    }
  }
}
