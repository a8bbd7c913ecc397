import { isDatapathError } from '@routed/datapath';
import { isDockerError } from '@routed/docker-engine';
import { isDriverError } from '@routed/driver';
import { isIpamError } from '@routed/ipam';
import { isStoreError } from '@routed/store';

/** Whether an error says what its user can do, rather than that something failed here. */
export function isRefusal(error: unknown): boolean {
  return [isDriverError, isIpamError, isDatapathError, isDockerError, isStoreError].some((isOurs) => isOurs(error));
}
