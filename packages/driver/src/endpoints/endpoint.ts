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
  /** The name servers that Docker gave its container (`--dns`), where that matters; absent: none, or not known. */
  readonly givenDns?: readonly string[];
  /** The prefixes of its network, where that is isolated: their addresses may enter, and whom `ingress` lists. */
  readonly insiders?: readonly string[];
  /** What `docker run --publish` asked for, such as `8080:80/tcp`, and does not get here. Absent: nothing. */
  readonly publishedPorts?: readonly string[];
  /**
   * Whether nobody may open connections to it yet, whatever `ingress` says: an operator has given lists to containers of
   * its network, and Docker has not said which container this is. Absent: that is known, or does not matter.
   */
  readonly isOwnerPending?: boolean;
  /** The same of the connections that it opens, whatever `egress` says. */
  readonly isEgressPending?: boolean;
  /** Whether routers tell other hosts of it now; absent: they do. */
  readonly isAnnounced?: boolean;
  /** What an operator said last, where `routed.announce` is `manual`. */
  readonly isWished?: boolean;
  /** Whether an operator drains it: it is not announced, whatever `routed.announce` says. */
  readonly isDraining?: boolean;
  /**
   * Until when an operator hands its addresses over to the next host that announces them, in milliseconds since 1970. What was handed
   * over by then stays so. Absent: nobody ever did.
   */
  readonly handoverUntilMs?: number;
  /** Since its container was sent its stop signal, where `routed.drain` is to follow: it is not announced. */
  readonly stopDrain?: StopDrain;
  /** Whether its container was sent a signal that ends it, and may run on for a while, where Docker decides about its announcement. */
  readonly isEnding?: boolean;
  /** When it began to take over addresses that another host announced, in milliseconds since 1970. Absent: it never did. */
  readonly takenOverAtMs?: number;
  /** MTU of its links in bytes, from its first Join on; the network may have another by now. */
  readonly mtuBytes?: number;
  /** The container's sandbox, from Join to Leave. */
  readonly sandboxKey?: string;
}

/** What follows the stop signal of a container. */
export interface StopDrain {
  /** When the container is sent its drain signal at the latest, in milliseconds since 1970. */
  readonly until: number;
  /** Whether it was sent it. */
  readonly isSignalSent: boolean;
}

/** An address of an endpoint that Docker knows of. */
export interface EndpointAddress extends LeasedAddress {
  readonly gateway: string;
  /** Whether Docker's user left the choice to us; absent: it was named, or that is not known. */
  readonly isChosen?: boolean;
}

/** What the leases of an endpoint say of their holder. */
export function holderOf({ id }: Pick<Endpoint, 'id'>): string {
  return `endpoint ${id.slice(0, 12)}`;
}

/** The texts of an endpoint's addresses; none of an endpoint that is not known. */
export function addressTexts(endpoint: Endpoint | undefined): readonly string[] {
  return endpoint === undefined ? [] : allAddresses(endpoint).map(({ address }) => address);
}

/** What becomes of published ports, for people; undefined: none were asked for. Pure. */
export function describePorts({ publishedPorts = [], addresses }: Endpoint): string | undefined {
  if (publishedPorts.length === 0) return undefined;
  const own = addresses.map(({ address }) => address).join(' or ');
  return `--publish ${publishedPorts.join(', ')} has no effect on a routed network: clients connect to ${own} and the container's own port`;
}

/** The endpoint as the next container gets it: that one was not told to stop. Pure. */
export function withoutStop(endpoint: Endpoint): Endpoint {
  const { stopDrain, isEnding, ...left } = endpoint;
  return stopDrain === undefined && isEnding === undefined ? endpoint : left;
}

/** The blocks that cover addresses of an endpoint. */
export function blocksOf({ addresses }: Endpoint): readonly string[] {
  return addresses.flatMap(({ block }) => block ?? []);
}

/** The endpoint, with an announcement of its own for each address. Pure. */
export function withoutBlocks(endpoint: Endpoint): Endpoint {
  const addresses = endpoint.addresses.map((address) => {
    const { block, ...bare } = address;
    return block === undefined ? address : bare;
  });
  return { ...endpoint, addresses };
}
