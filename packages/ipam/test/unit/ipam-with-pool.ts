import { memoryLeaseStore, openIpam } from '../../src/index.ts';
import type { Ipam } from '../../src/index.ts';

/** The pool of {@link ipamWithPool}. */
export const poolId = 'local/10.1.0.0/24';

/** An Ipam that has one pool and no leases. */
export async function ipamWithPool(): Promise<Ipam> {
  const ipam = await openIpam({ store: memoryLeaseStore() });
  await ipam.requestPool({ addressSpace: 'local', prefix: '10.1.0.0/24' });
  return ipam;
}

/** Leases an address that automatic allocation chooses. */
export async function nextAddress(ipam: Ipam, id: string): Promise<string> {
  return (await ipam.requestAddress({ poolId: id, purpose: 'endpoint' })).address;
}
