import {
  asUnreadable,
  durableRepository,
  openDatabase,
  RecentWrites,
  type Repository,
  type StateDatabase,
} from '@routed/store';
import { chmod, mkdir } from 'node:fs/promises';
import type { LeaseStore } from '@routed/ipam';
import type { HostDrainRecord } from '../endpoints/host-drain.ts';
import type { AddressOwner } from '../containers/address-owners.ts';
import type { PersistentAssignment } from '../containers/persistent-assignment.ts';
import type { KeptRecord } from '../leases/kept-record.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { Network } from '../networks/network.ts';
import { DriverError } from '../ground/errors.ts';
import { durableLeaseStore } from './durable-lease-store.ts';
import { RECORD_SHAPES } from './record-shapes.ts';

const BOOT_KEY = 'boot';
const RECOVERY_KEY = 'recovery';

/** What the daemon knows from one run to the next. */
export interface StateDirectory {
  readonly networks: Repository<Network>;
  readonly endpoints: Repository<Endpoint>;
  /** Addresses that stay with containers. */
  readonly sticky: Repository<PersistentAssignment>;
  /** Addresses that are containers' own; also after a reboot. */
  readonly kept: Repository<KeptRecord>;
  /** Who had addresses last; also after a reboot. */
  readonly owners: Repository<AddressOwner>;
  /** Whether the whole host is drained. */
  readonly drain: Repository<HostDrainRecord>;
  readonly leases: LeaseStore;
  /** Whether the records of endpoints are from before a reboot: nothing they speak of exists any more. */
  readonly isFromEarlierBoot: boolean;
  /** Those records are gone: what is there from now on is of this boot. */
  noteBoot(): Promise<void>;
  /** Whether the directory is new, and what Docker and the kernel know of an earlier one is not in it yet. */
  readonly isRecoveryDue: boolean;
  /** What they know is there. */
  noteRecovery(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the state of the daemon, or makes it. One process at a time has it.
 *
 * Networks and pools outlive a power failure; endpoints and leases outlive the process.
 *
 * @throws DriverError STATE_UNUSABLE, STATE_LOCKED, STATE_UNREADABLE, STATE_NEWER
 */
export async function openStateDirectory(directory: string, bootId: string): Promise<StateDirectory> {
  await makePrivateDirectory(directory);
  const database = await openDatabase(directory);
  try {
    const recent = await RecentWrites.open(database, bootId);
    const synced = { recent, isSynced: true };
    const unsynced = { recent, isSynced: false };
    return {
      networks: durableRepository<Network>(database, 'networks', { shape: RECORD_SHAPES.networks, ...synced }),
      endpoints: durableRepository<Endpoint>(database, 'endpoints', { shape: RECORD_SHAPES.endpoints, ...unsynced }),
      sticky: durableRepository<PersistentAssignment>(database, 'sticky', { shape: RECORD_SHAPES.sticky, ...synced }),
      kept: durableRepository<KeptRecord>(database, 'kept', { shape: RECORD_SHAPES.kept, ...synced }),
      owners: durableRepository<AddressOwner>(database, 'owners', { shape: RECORD_SHAPES.owners, ...unsynced }),
      drain: durableRepository<HostDrainRecord>(database, 'drain', { shape: RECORD_SHAPES.drain, ...synced }),
      leases: durableLeaseStore(database, recent),
      ...(await bootOf(database, bootId)),
      noteRecovery: () => database.del(RECOVERY_KEY),
      noteBoot: () => database.put(BOOT_KEY, bootId),
      close: async () => {
        await recent.close().finally(() => database.close());
      },
    };
  } catch (error) {
    await database.close();
    throw asUnreadable(directory, error);
  }
}

async function bootOf(
  database: StateDatabase,
  bootId: string,
): Promise<Pick<StateDirectory, 'isFromEarlierBoot' | 'isRecoveryDue'>> {
  const lastBootId = await database.get(BOOT_KEY);
  if (lastBootId === undefined) await database.batch().put(BOOT_KEY, bootId).put(RECOVERY_KEY, 'due').write();
  return {
    isFromEarlierBoot: lastBootId !== undefined && lastBootId !== bootId,
    isRecoveryDue: (await database.get(RECOVERY_KEY)) !== undefined,
  };
}

async function makePrivateDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o700);
  } catch (error) {
    throw new DriverError(
      'STATE_UNUSABLE',
      `state directory ${directory} cannot be created (${(error as Error).message}): name another with --state-dir`,
      { cause: error },
    );
  }
}
