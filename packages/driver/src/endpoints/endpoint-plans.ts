import { type DesiredEndpoint, type LinkAttributes, planEndpoint } from '@routed/datapath';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import { linkAttributes } from '../networks/options.ts';
import type { Endpoint } from './endpoint.ts';

/** Something that holds routes of endpoints back for a while. */
export interface Withholding {
  /** What the kernel should have of an endpoint, which would have all that is given otherwise. */
  without(endpoint: DesiredEndpoint): DesiredEndpoint;
}

/** What the kernel should have of endpoints, if they are in a sandbox. */
export class EndpointPlans {
  readonly #networks: Pick<NetworkRegistry, 'mtuOf'>;
  readonly #withholdings: Withholding[] = [];

  constructor(networks: Pick<NetworkRegistry, 'mtuOf'>) {
    this.#networks = networks;
  }

  /** Asks `by`, from now on, what of an endpoint is held back. It may change its mind only while it has the endpoint's turn. */
  withhold(by: Withholding): void {
    this.#withholdings.push(by);
  }

  /** The plan for an endpoint with this record. */
  of(endpoint: Endpoint): DesiredEndpoint {
    const plan = planEndpoint(endpoint, this.attributesOf(endpoint));
    return this.#withholdings.reduce((left, by) => by.without(left), plan);
  }

  /** What its links were made with: to give only one end another MTU would break it. */
  attributesOf(endpoint: Endpoint): LinkAttributes {
    return { mtuBytes: this.#networks.mtuOf(endpoint.networkId), ...linkAttributes(endpoint) };
  }
}
