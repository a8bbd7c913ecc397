import type { LeaseStore, Lease, Pool } from '@routed/ipam';
import type { Repository } from '@routed/store';
import type { Life } from './life.ts';
import type { Random } from './random.ts';

type Change = (tables: Tables) => void;
type Tables = Map<string, Map<string, unknown>>;

/**
 * The state directory: what was written survives the process. Of what was not synced, a power failure loses the latest part, as the
 * journal of LevelDB does.
 */
export class Disk {
  readonly #tables: Tables = new Map();
  /** Since the last synced write, with the content before it. */
  #unsynced: Change[] = [];
  #synced: Tables = new Map();

  all(table: string): readonly unknown[] {
    return [...(this.#tables.get(table) ?? new Map<string, unknown>()).values()];
  }

  /** Keeps records of one kind for one run of the plugin. */
  repository<T extends { readonly id: string }>(life: Life, table: string, isSynced: boolean): Repository<T> {
    return {
      load: () => life.pass(`load ${table}`, () => this.all(table) as readonly T[], false),
      put: (record) => life.pass(`put ${table}`, () => this.#write(put(table, record.id, record), isSynced)),
      remove: (id) => life.pass(`remove ${table}`, () => this.#write(remove(table, id), isSynced)),
    };
  }

  leases(life: Life): LeaseStore {
    const keyOf = ({ poolId, address }: Pick<Lease, 'poolId' | 'address'>): string => `${poolId} ${address}`;
    return {
      loadPools: () => this.all('pools') as readonly Pool[],
      loadLeases: (poolId) => (this.all('leases') as readonly Lease[]).filter((lease) => lease.poolId === poolId),
      putPool: (pool) => life.pass('put pool', () => this.#write(put('pools', pool.id, pool), true)),
      deletePool: (poolId) =>
        life.pass('delete pool', () => {
          const keys = (this.all('leases') as readonly Lease[]).filter((lease) => lease.poolId === poolId).map(keyOf);
          this.#write((tables) => {
            for (const key of keys) remove('leases', key)(tables);
            remove('pools', poolId)(tables);
          }, true);
        }),
      putLease: (lease) => life.pass('put lease', () => this.#write(put('leases', keyOf(lease), lease), false)),
      deleteLease: (lease) => life.pass('delete lease', () => this.#write(remove('leases', keyOf(lease)), false)),
    };
  }

  /** Loses the latest of what was not synced. */
  failPower(random: Random): void {
    const kept = Math.floor(random.between(0, this.#unsynced.length + 1));
    const tables = copyOf(this.#synced);
    for (const change of this.#unsynced.slice(0, kept)) change(tables);
    this.#tables.clear();
    for (const [name, table] of tables) this.#tables.set(name, table);
    this.#sync();
  }

  #write(change: Change, isSynced: boolean): void {
    change(this.#tables);
    this.#unsynced.push(change);
    if (isSynced) this.#sync();
  }

  #sync(): void {
    this.#unsynced = [];
    this.#synced = copyOf(this.#tables);
  }
}

function put(table: string, id: string, record: unknown): Change {
  return (tables) => tables.set(table, (tables.get(table) ?? new Map<string, unknown>()).set(id, record));
}

function remove(table: string, id: string): Change {
  return (tables) => tables.get(table)?.delete(id);
}

function copyOf(tables: Tables): Tables {
  return new Map([...tables].map(([name, table]) => [name, new Map(table)]));
}
