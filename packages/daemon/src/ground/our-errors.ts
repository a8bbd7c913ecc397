/** The error classes whose messages say what their user can do; by brand, so that nothing is loaded for it. */
const BRANDS = [
  '@routed/driver/DriverError',
  '@routed/datapath/DatapathError',
  '@routed/docker-engine/DockerError',
  '@routed/store/StoreError',
] as const;
type Brand = (typeof BRANDS)[number] | '@routed/netfilter/NetfilterError' | '@routed/netns.NetlinkError';

/** An error of a library of ours. */
export interface OurError extends Error {
  readonly code: string;
}

/** Whether an error is one that driver, datapath, store or the client of Docker promise. */
export function isOurError(error: unknown): error is OurError {
  return BRANDS.some((brand) => hasBrand(error, brand));
}

/** Whether an error is of this class. */
export function hasBrand(error: unknown, brand: Brand): error is OurError {
  return error instanceof Error && Symbol.for(brand) in error;
}
