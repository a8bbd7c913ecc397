export { leaseStoreConformance } from './lease-store-conformance.ts';
export type { ConformanceCase, LeaseStoreFixture } from './lease-store-conformance.ts';
