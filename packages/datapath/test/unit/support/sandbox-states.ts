import type { Endpoint } from '@routed/driver';
import type { Address, Link } from '@routed/netns';
import type { SandboxEndpoint } from '../../../src/sandbox/sandbox-plan.ts';

export const loopback: Link = {
  index: 1,
  name: 'lo',
  mtuBytes: 65_536,
  txQueueLength: 1000,
  isUp: true,
  hasCarrier: true,
  isRunning: true,
  isLoopback: true,
  group: 0,
};

/** An endpoint with these addresses, of which the first of each family, or as many as said, are Docker's. */
export function endpointWith(id: string, primaries: readonly string[], additional: readonly string[] = []): Endpoint {
  const lease = (address: string): Endpoint['additional'][number] => {
    return { family: address.includes(':') ? 6 : 4, address, poolId: 'p', isSticky: false };
  };
  return {
    id,
    networkId: 'n',
    addresses: primaries.map((address) => ({
      ...lease(address),
      gateway: address.includes(':') ? 'fe80::1' : '169.254.1.1',
    })),
    additional: additional.map(lease),
    spoof: 'strict',
    mac: '02:42:0a:01:00:02',
  };
}

/** An endpoint in a sandbox, whose link on the host has this index. */
export function inSandbox(endpoint: Endpoint, hostLinkIndex: number): SandboxEndpoint {
  return { endpoint, hostLinkIndex };
}

/** A link in a sandbox, whose other end has this index on the host. */
export function vethTo(peerIndex: number, changes: Partial<Link> = {}): Link {
  const index = peerIndex + 1;
  return { ...loopback, index, name: `eth${index}`, isLoopback: false, kind: 'veth', peerIndex, ...changes };
}

/** An address as Docker gives it to a link, or, with protocol 200, as we do. */
export function held(linkIndex: number, address: string, protocol?: number): Address {
  return { linkIndex, address, ...(protocol !== undefined && { protocol }) } as Address;
}
