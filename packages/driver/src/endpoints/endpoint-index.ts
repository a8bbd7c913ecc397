import { digitsOfLink, hostPrefix, linkDigits } from '@routed/datapath';
import { DriverError } from '../ground/errors.ts';
import { GracePeriod } from '../ground/grace-period.ts';
import { allAddresses } from '@routed/datapath';
import { type Endpoint } from './endpoint.ts';

/** The endpoints in memory, found by id, by host route and by the name of a link: each in one look-up. */
export class EndpointIndex {
  readonly #endpoints = new Map<string, Endpoint>();
  /** The endpoint of each host route, by destination. */
  readonly #byDestination = new Map<string, string>();
  /** The endpoint of each pair of links, by what their names end with. */
  readonly #byLinkDigits = new Map<string, string>();
  /** The endpoints that are in no sandbox. */
  readonly idle = new GracePeriod();

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

  /** Adds an endpoint, or replaces what is known of it. */
  set(endpoint: Endpoint): void {
    const { id, sandboxKey } = endpoint;
    this.#dropDestinations(id);
    this.#endpoints.set(id, endpoint);
    this.#byLinkDigits.set(linkDigits(id), id);
    if (sandboxKey === undefined) this.idle.note(id);
    else this.idle.forget(id);
    for (const { address } of allAddresses(endpoint)) this.#byDestination.set(hostPrefix(address), id);
  }

  /** Forgets an endpoint. */
  delete(endpointId: string): void {
    this.#dropDestinations(endpointId);
    this.idle.forget(endpointId);
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
