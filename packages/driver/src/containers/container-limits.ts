import type { LinkLimits } from '@routed/datapath';
import type { Container, ContainerControl, ContainerNetwork } from '@routed/docker-engine';
import type { KeyedLock } from '@routed/ipam';
import { excerpt } from '@routed/text';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import { addressTexts } from '../endpoints/endpoint.ts';
import { DriverError } from '../ground/errors.ts';
import type { Journal } from '../ground/journal.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import { hasRate, type Rates } from '../networks/parse-options.ts';
import { burstComplaint, formatRate, parseRate, type Rate } from '../networks/rate-text.ts';
import { ownOptionsOf, withOptions } from './options-at-rest.ts';
import { askForContainer, membershipsOf } from './find-container.ts';
import type { LimitReader } from './limit-counts.ts';
import type { LimitStatus } from './limit-status.ts';
import { assignmentId, ratesOf, recordOf } from './persistent-assignment.ts';
import type { PersistentAssignments } from './persistent-assignments.ts';

/** Rates as an operator types them; absent: that direction stays as it is. */
export interface RateTexts {
  readonly in?: string | undefined;
  readonly out?: string | undefined;
}

/** Changes and tells how fast packets may go to containers and from them: for an operator, not for Docker. */
export class ContainerLimits {
  readonly #docker: Pick<ContainerControl, 'list' | 'inspect'>;
  readonly #networks: Pick<NetworkRegistry, 'get' | 'mtuOf'>;
  readonly #endpoints: Pick<EndpointLifecycle, 'get' | 'limit'>;
  readonly #records: PersistentAssignments;
  readonly #limits: Pick<LinkLimits, 'requireSupport'>;
  readonly #reader: Pick<LimitReader, 'of'>;
  readonly #journal: Pick<Journal, 'record'>;
  readonly #lock: KeyedLock;

  constructor(deps: {
    readonly docker: Pick<ContainerControl, 'list' | 'inspect'>;
    readonly networks: Pick<NetworkRegistry, 'get' | 'mtuOf'>;
    readonly endpoints: Pick<EndpointLifecycle, 'get' | 'limit'>;
    readonly records: PersistentAssignments;
    readonly limits: Pick<LinkLimits, 'requireSupport'>;
    readonly limitReader: Pick<LimitReader, 'of'>;
    readonly journal: Pick<Journal, 'record'>;
    readonly lock: KeyedLock;
  }) {
    this.#docker = deps.docker;
    this.#networks = deps.networks;
    this.#endpoints = deps.endpoints;
    this.#records = deps.records;
    this.#limits = deps.limits;
    this.#reader = deps.limitReader;
    this.#journal = deps.journal;
    this.#lock = deps.lock;
  }

  /**
   * Limits a container by its routed networks, or by one of them: at once, and again when it is restarted.
   *
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, INVALID_OPTION, DOCKER_UNREACHABLE
   * @throws DatapathError KERNEL_FEATURE_MISSING
   */
  async set(reference: string, texts: RateTexts, networkName?: string): Promise<LimitStatus[]> {
    const rates = readRates(texts);
    const container = await askForContainer(this.#docker, reference);
    const memberships = membershipsOf(container, this.#networks, networkName);
    for (const { endpointId, networkId } of memberships) this.#checkBursts(rates, endpointId, networkId);
    if (hasRate(rates)) await this.#limits.requireSupport();
    for (const on of memberships) {
      await this.#lock.run(`container ${assignmentId(container.id, on.networkId)}`, () =>
        this.#give(container, on, rates),
      );
      this.#note(container, on, rates);
    }
    return await this.#show(container, memberships);
  }

  /**
   * Tells how a container is limited, and what came of it.
   *
   * @throws DriverError CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, NETWORK_UNKNOWN, DOCKER_UNREACHABLE
   */
  async show(reference: string): Promise<LimitStatus[]> {
    const container = await withOptions(this.#docker, await askForContainer(this.#docker, reference));
    return await this.#show(container, membershipsOf(container, this.#networks));
  }

  /** The record comes first: a container that is restarted meanwhile has the limit. */
  async #give(container: Container, on: ContainerNetwork, rates: Rates): Promise<void> {
    const id = assignmentId(container.id, on.networkId);
    const before = this.#records.get(id);
    await this.#records.put({ ...(before ?? recordOf(container, on)), ...rates });
    try {
      if (this.#endpoints.get(on.endpointId) !== undefined) await this.#endpoints.limit(on.endpointId, rates);
    } catch (error) {
      await (before === undefined ? this.#records.remove(id) : this.#records.put(before));
      throw error;
    }
  }

  async #show(container: Container, memberships: readonly ContainerNetwork[]): Promise<LimitStatus[]> {
    const joined = memberships.filter(({ endpointId }) => this.#endpoints.get(endpointId)?.sandboxKey !== undefined);
    const counts = await this.#reader.of(joined.map(({ endpointId }) => endpointId));
    return memberships.map((on) => {
      const { networkId, networkName, endpointId } = on;
      const record = this.#records.get(assignmentId(container.id, networkId)) ?? {};
      const rates = this.#endpoints.get(endpointId) ?? {
        ...this.#networks.get(networkId),
        ...ratesOf(ownOptionsOf(on)),
        ...ratesOf(record),
      };
      return {
        container: container.name,
        network: networkName,
        in: formatRate(rates.rateIn),
        out: formatRate(rates.rateOut),
        counters: counts.get(endpointId) ?? {},
      };
    });
  }

  #checkBursts(rates: Rates, endpointId: string, networkId: string): void {
    const mtuBytes = this.#endpoints.get(endpointId)?.mtuBytes ?? this.#networks.mtuOf(networkId);
    for (const [name, rate] of [['in', rates.rateIn] as const, ['out', rates.rateOut] as const]) {
      const complaint = burstComplaint(rate, mtuBytes);
      if (complaint !== undefined) throw invalidRate(name, formatRate(rate), complaint);
    }
  }

  #note({ name }: Container, { networkName, endpointId }: ContainerNetwork, { rateIn, rateOut }: Rates): void {
    const endpoint = this.#endpoints.get(endpointId);
    const words = [
      ...(rateIn === undefined ? [] : [`in ${formatRate(rateIn)}`]),
      ...(rateOut === undefined ? [] : [`out ${formatRate(rateOut)}`]),
    ];
    this.#journal.record({
      kind: 'limited',
      addresses: addressTexts(endpoint),
      ...(endpoint === undefined ? {} : { endpointId }),
      container: name,
      network: networkName,
      detail: `an operator set the limits: ${words.join(', ')}`,
    });
  }
}

function readRates(texts: RateTexts): Rates {
  const rateIn = readRate('in', texts.in);
  const rateOut = readRate('out', texts.out);
  if (rateIn === undefined && rateOut === undefined) {
    throw new DriverError('INVALID_OPTION', 'nothing to limit: give --in, --out or both, such as --in 100mbit');
  }
  return { ...(rateIn !== undefined && { rateIn }), ...(rateOut !== undefined && { rateOut }) };
}

function readRate(name: 'in' | 'out', text: string | undefined): Rate | undefined {
  if (text === undefined) return undefined;
  try {
    return parseRate(text);
  } catch (error) {
    if (error instanceof RangeError) throw invalidRate(name, text, error.message, error);
    throw error;
  }
}

function invalidRate(name: 'in' | 'out', text: string, reason: string, cause?: unknown): DriverError {
  return new DriverError('INVALID_OPTION', `--${name} ${excerpt(text)}: ${reason}`, { cause });
}
