/** The address spaces that this IPAM driver offers; Docker's own IPAM has others. */
export const ADDRESS_SPACES = { local: 'routed-local', global: 'routed-global' } as const;

/** Whether an address space is one of this IPAM driver. */
export function isOurAddressSpace(addressSpace: string): boolean {
  return addressSpace === ADDRESS_SPACES.local || addressSpace === ADDRESS_SPACES.global;
}
