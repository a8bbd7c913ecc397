import type { Handlers } from '@routed/plugin-protocol';
import { ADDRESS_SPACES } from '../networks/address-spaces.ts';

/** What Docker asks of the network driver at first contact: needs no state. */
export const networkCapabilities: Handlers = {
  'NetworkDriver.GetCapabilities': () => ({
    Scope: 'local',
    ConnectivityScope: 'local',
    GwAllocChecker: true,
  }),
  // The gateway is not an address of the pool, so Docker need not reserve one there.
  'NetworkDriver.GwAllocCheck': () => ({ SkipIPv4: true, SkipIPv6: true }),
};

/** What Docker asks of the IPAM driver at first contact: needs no state. */
export const ipamCapabilities: Handlers = {
  'IpamDriver.GetCapabilities': () => ({ RequiresMACAddress: false, RequiresRequestReplay: false }),
  'IpamDriver.GetDefaultAddressSpaces': () => ({
    LocalDefaultAddressSpace: ADDRESS_SPACES.local,
    GlobalDefaultAddressSpace: ADDRESS_SPACES.global,
  }),
};
