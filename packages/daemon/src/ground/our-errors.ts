/** The error classes whose messages say what their user can do; by brand, so that nothing is loaded for it. */
const BRANDS = [
  '@routed/driver/DriverError',
  '@routed/datapath/DatapathError',
  '@routed/docker-engine/DockerError',
  '@routed/store/StoreError',
].map((name) => Symbol.for(name));

/** An error of a library of ours. */
export interface OurError extends Error {
  readonly code: string;
}

/** Whether an error is one that driver, datapath, store or the client of Docker promise. */
export function isOurError(error: unknown): error is OurError {
  return error instanceof Error && BRANDS.some((brand) => brand in error);
}
