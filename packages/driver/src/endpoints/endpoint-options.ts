import type { Spoofing } from '@routed/datapath';
import { canonicalHostAddress } from '@routed/ipam';
import { invalidOption, parseOptions, switchText } from '../networks/driver-options.ts';
import { FILTER_OPTIONS, filterOptions } from '../networks/filter-options.ts';
import { listOf } from '../networks/text-list.ts';

/** How many addresses one endpoint may have beside those that Docker knows of. Each is a route on every host. */
export const MAX_ADDITIONAL_ADDRESSES = 4096;

const ENDPOINT_OPTIONS = {
  'routed.addresses': listOf('an address such as 10.1.0.3 or fd00:1::3', canonicalHostAddress, {
    maxItems: MAX_ADDITIONAL_ADDRESSES,
    name: 'addresses',
  }),
  'routed.anycast': switchText,
  ...FILTER_OPTIONS,
} as const;

/** What `driver-opt` of `docker run --network` and `docker network connect` may set. */
export interface EndpointOptions {
  /** Addresses beside those that Docker gives: canonical, without repetition. */
  readonly addresses: readonly string[];
  readonly ingress?: string;
  readonly spoof?: Spoofing;
  /** Whether other hosts may have these addresses, too. */
  readonly isAnycast: boolean;
}

/**
 * Reads the driver options of an endpoint.
 *
 * @throws DriverError INVALID_OPTION for an unknown key, with the known ones, or a value of the wrong form
 */
export function parseEndpointOptions(options: Readonly<Record<string, unknown>>): EndpointOptions {
  const values = parseOptions(options, ENDPOINT_OPTIONS);
  const addresses = values['routed.addresses'] ?? [];
  const isAnycast = values['routed.anycast'] ?? false;
  if (isAnycast && addresses.length === 0) {
    // Docker leases the --ip before it tells of this option.
    throw invalidOption(
      'routed.anycast',
      isAnycast,
      'it applies to routed.addresses, which is not set; for an --ip, create the network with -o routed.anycast=true',
    );
  }
  return { addresses, isAnycast, ...filterOptions(values) };
}
