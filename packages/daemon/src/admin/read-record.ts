import { type AddressRecord, addressRecord } from '@routed/driver/replies';
import { RoutedError } from '../ground/routed-error.ts';
import { askDaemonFor } from './admin-client.ts';

/** What the daemon knows of an address; undefined: it does not answer. */
export async function readRecord(adminSocket: string, address: string): Promise<AddressRecord | undefined> {
  return await unlessUnreachable(
    askDaemonFor(adminSocket, `/v1/addresses/${encodeURIComponent(address)}`, addressRecord),
  );
}

/** The answer of the daemon; undefined: it does not answer. Any other error stays one. */
export async function unlessUnreachable<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RoutedError && error.code === 'DAEMON_UNREACHABLE') return undefined;
    throw error;
  }
}
