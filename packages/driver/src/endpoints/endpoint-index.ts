import { digitsOfLink, hostPrefix, linkDigits } from '@routed/datapath';
import { DriverError } from '../ground/errors.ts';
import { allAddresses } from '@routed/datapath';
import { type Endpoint } from './endpoint.ts';

/** The endpoints in memory, found by id, by host route and by the name of a link: each in one look-up. */
export class EndpointIndex {
  readonly #endpoints = new Map<string, Endpoint>();
  /** The endpoint of each host route, by destination. */
  readonly #byDestination = new Map<string, string>();
  /** The endpoint of each pair of links, by what their names end with. */
  readonly #byLinkDigits = new Map<string, string>();
  /** Since when each endpoint has been in no sandbox, on the clock of `performance.now()`. */
  readonly #idleSince = new Map<string, number>();

  all(): readonly Endpoint[] {
    return [...this.#endpoints.values()];
  }

  get(endpointId: string): Endpoint | undefined {
    return this.#endpoints.get(endpointId);
  }

  /** @throws DriverError ENDPOINT_UNKNOWN */
  require(endpointId: string): Endpoint {
    const endpoint = this.#endpoints.get(endpointId);
    if (endpoint !== undefined) return endpoint;
    throw new DriverError(
      'ENDPOINT_UNKNOWN',
      `endpoint ${endpointId.slice(0, 12)} is not known to routed: start the container again`,
    );
  }

  /** The endpoint that a host route leads to. */
  idAt(destination: string): string | undefined {
    return this.#byDestination.get(destination);
  }

  /** The endpoint that has a link of this name, on the host or until Docker moves it. */
  idOfLink(name: string): string | undefined {
    const digits = digitsOfLink(name);
    return digits === undefined ? undefined : this.#byLinkDigits.get(digits);
  }

  /** Since when the endpoint has been in no sandbox; undefined: it is in one, or not known. */
  idleSince(endpointId: string): number | undefined {
    return this.#idleSince.get(endpointId);
  }

  /** The endpoints that have been in no sandbox for so long. */
  idleFor(ms: number): readonly string[] {
    const before = performance.now() - ms;
    return [...this.#idleSince].filter(([, sinceMs]) => sinceMs <= before).map(([endpointId]) => endpointId);
  }

  /** Adds an endpoint, or replaces what is known of it. */
  set(endpoint: Endpoint): void {
    const { id, sandboxKey } = endpoint;
    this.#dropDestinations(id);
    this.#endpoints.set(id, endpoint);
    this.#byLinkDigits.set(linkDigits(id), id);
    if (sandboxKey !== undefined) this.#idleSince.delete(id);
    else if (!this.#idleSince.has(id)) this.#idleSince.set(id, performance.now());
    for (const { address } of allAddresses(endpoint)) this.#byDestination.set(hostPrefix(address), id);
  }

  /** Forgets an endpoint. */
  delete(endpointId: string): void {
    this.#dropDestinations(endpointId);
    this.#idleSince.delete(endpointId);
    if (this.#endpoints.delete(endpointId)) this.#byLinkDigits.delete(linkDigits(endpointId));
  }

  /** An address may have another endpoint by now: then it stays that one's. */
  #dropDestinations(endpointId: string): void {
    const endpoint = this.#endpoints.get(endpointId);
    for (const { address } of endpoint === undefined ? [] : allAddresses(endpoint)) {
      const destination = hostPrefix(address);
      if (this.#byDestination.get(destination) === endpointId) this.#byDestination.delete(destination);
    }
  }
}
