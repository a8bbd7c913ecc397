import { type ListedAddress, listedAddress } from '@routed/driver/replies';
import { z } from 'zod';
import { askDaemonFor } from '../admin/admin-client.ts';
import { readRecord, unlessUnreachable } from '../admin/read-record.ts';
import { RoutedError } from '../ground/routed-error.ts';
import type { Place } from './view.ts';

/** One end of a path. */
export interface End {
  readonly address: string;
  /** The container of this host that has it; absent: none, or the daemon does not answer. */
  readonly container?: string;
  readonly network?: string;
  /** Of a container that runs. */
  readonly sandboxKey?: string;
}

/** Who has an address, as far as this host knows; whatever else is not known is absent, also while the daemon is away. */
export async function endOfAddress(adminSocket: string, address: string): Promise<End> {
  const record = await readRecord(adminSocket, address);
  if (record?.endpoint === undefined) return { address };
  const listed = await unlessUnreachable(askDaemonFor(adminSocket, '/v1/addresses', z.array(listedAddress)));
  const row = listed?.find((each) => each.address === address);
  return endOf(address, row, record.endpoint.sandboxKey);
}

/**
 * The first address of a container that runs here; of this family, where there is one.
 *
 * @throws AdminError as the daemon says; RoutedError DAEMON_UNREACHABLE, ADDRESS_UNKNOWN
 */
export async function endOfContainer(adminSocket: string, container: string, family?: 4 | 6): Promise<End> {
  const path = `/v1/addresses?container=${encodeURIComponent(container)}`;
  const listed = await askDaemonFor(adminSocket, path, z.array(listedAddress));
  const found = listed.find(
    ({ address, state }) => state === 'active' && (family === undefined || familyOf(address) === family),
  );
  if (found === undefined) {
    const which = family === undefined ? 'address' : `IPv${family} address`;
    throw new RoutedError(
      'ADDRESS_UNKNOWN',
      `container ${container} has no ${which} on a routed network now: "routed-plugin address list" shows what there is`,
    );
  }
  const record = await readRecord(adminSocket, found.address);
  return endOf(found.address, found, record?.endpoint?.sandboxKey);
}

function endOf(address: string, row: ListedAddress | undefined, sandboxKey: string | undefined): End {
  return {
    address,
    ...(row !== undefined && { container: row.container, network: row.network }),
    ...(sandboxKey !== undefined && { sandboxKey }),
  };
}

/** The inside of the container at this end; undefined: it is none of this host that runs. */
export function insideOf({ container, address, sandboxKey }: End): Place | undefined {
  return sandboxKey === undefined ? undefined : { container: container ?? address, sandboxKey };
}

export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
