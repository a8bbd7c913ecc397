import type { AdditionalAddress, LeasedAddress } from '../leases/leased-address.ts';
import { allAddresses } from '@routed/datapath';
import type { StoredOptions } from '../networks/options.ts';

/** What CreateEndpoint asked for. Docker does not repeat it in Join. */
export interface Endpoint extends StoredOptions<'endpoint'> {
  readonly id: string;
  readonly networkId: string;
  /** The addresses that Docker itself gives the container: at most one of each family. */
  readonly addresses: readonly EndpointAddress[];
  /** Further addresses, which we put on the container's link once Docker has moved and addressed it. */
  readonly additional: readonly AdditionalAddress[];
  readonly mac: string;
  /**
   * Whether nobody may open connections to it yet, whatever `ingress` says: an operator has given lists to containers of
   * its network, and Docker has not said which container this is. Absent: that is known, or does not matter.
   */
  readonly isOwnerPending?: boolean;
  /** Whether routers tell other hosts of it now; absent: they do. */
  readonly isAnnounced?: boolean;
  /** What an operator said last, where `routed.announce` is `manual`. */
  readonly isWished?: boolean;
  /** Whether an operator drains it: it is not announced, whatever `routed.announce` says. */
  readonly isDraining?: boolean;
  /** MTU of its links in bytes, from its first Join on; the network may have another by now. */
  readonly mtuBytes?: number;
  /** The container's sandbox, from Join to Leave. */
  readonly sandboxKey?: string;
}

/** An address of an endpoint that Docker knows of. */
export interface EndpointAddress extends LeasedAddress {
  readonly gateway: string;
}

/** What the leases of an endpoint say of their holder. */
export function holderOf({ id }: Pick<Endpoint, 'id'>): string {
  return `endpoint ${id.slice(0, 12)}`;
}

/** The texts of an endpoint's addresses; none of an endpoint that is not known. */
export function addressTexts(endpoint: Endpoint | undefined): readonly string[] {
  return endpoint === undefined ? [] : allAddresses(endpoint).map(({ address }) => address);
}
