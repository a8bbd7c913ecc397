import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStateDirectory, type StateDirectory } from '../../../src/state/state-directory.ts';
import { messageOf } from '../../../../store/test/unit/support/message-of.ts';

export const network = { id: 'n1', pools: [], prefixes: [], spoof: 'strict', mtuBytes: 1500 } as const;
export const endpoint = {
  id: 'e1',
  networkId: 'n1',
  addresses: [],
  additional: [],
  spoof: 'strict',
  mac: '02:42:0a:01:00:02',
} as const;
export const pool = { id: 'space/10.1.0.0/16', addressSpace: 'space', family: 4, prefix: '10.1.0.0/16' } as const;
export const lease = { poolId: pool.id, address: '10.1.0.2', purpose: 'endpoint' } as const;

/** A state directory over runs of the daemon. */
export class StateRuns {
  /** Not there before the first life. */
  readonly directory: string;
  #open: StateDirectory | undefined;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<StateRuns> {
    return new StateRuns(join(await mkdtemp(join(tmpdir(), 'routed-state-')), 'state'));
  }

  async open(bootId = 'boot 1'): Promise<StateDirectory> {
    const state = await openStateDirectory(this.directory, bootId);
    this.#open = state;
    return state;
  }

  async close(): Promise<void> {
    await this.#open?.close();
    this.#open = undefined;
  }

  async reopen(bootId?: string): Promise<StateDirectory> {
    await this.close();
    return await this.open(bootId);
  }

  /** Why it cannot be opened. */
  async refusal(): Promise<string> {
    return await messageOf(this.open());
  }

  /** Closes it, and takes it from the disk. */
  async removeAll(): Promise<void> {
    await this.close();
    await rm(join(this.directory, '..'), { recursive: true });
  }
}

/** Writes a record of each of these kinds. */
export async function fill({ networks, endpoints, leases }: StateDirectory): Promise<void> {
  await networks.put(network);
  await endpoints.put(endpoint);
  await leases.putPool(pool);
  await leases.putLease(lease);
}

export async function all<T>(items: Iterable<T> | AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
