/** Start of the addresses that serve as gateways beside a network's own, per family. */
export const VIRTUAL_GATEWAY_PREFIX = { 4: '169.254.1.', 6: 'fe80::' } as const;

/** Whether an IPv4 gateway is one that a second network of a container may be given. */
export function isVirtualGateway(gateway: string): boolean {
  return gateway.startsWith(VIRTUAL_GATEWAY_PREFIX[4]);
}
