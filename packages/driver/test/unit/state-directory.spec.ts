import { openDatabase, RecentWrites, recordsOf, SCHEMA_VERSION } from '@routed/store';
import { stat } from 'node:fs/promises';
import { leaseStoreConformance } from '@routed/ipam/testing';
import { expect } from 'chai';
import { durableLeaseStore } from '../../src/state/durable-lease-store.ts';
import { forgetContainers } from '../../src/state/forget-containers.ts';
import { all, endpoint, fill, lease, network, pool, StateRuns } from './support/state-runs.ts';

const additional = { family: 4, address: '10.1.0.9', poolId: pool.id, isSticky: false } as const;
const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('the state directory', () => {
  let runs: StateRuns;
  beforeEach(async () => {
    runs = await StateRuns.create();
  });
  afterEach(() => runs.removeAll());

  it('is readable by root alone', async () => {
    await runs.open();

    expect((await stat(runs.directory)).mode & 0o777).to.equal(0o700);
  });

  it('keeps its records from one run to the next', async () => {
    await fill(await runs.open());

    const { networks, endpoints, leases, isFromEarlierBoot } = await runs.reopen();

    expect(await networks.load()).to.deep.equal([network]);
    expect(await endpoints.load()).to.deep.equal([endpoint]);
    expect(await all(leases.loadPools())).to.deep.equal([pool]);
    expect(await all(leases.loadLeases(pool.id))).to.deep.equal([lease]);
    expect(isFromEarlierBoot).to.equal(false);
  });

  it('is due for recovery from its making until that is noted, also after a reboot', async () => {
    expect((await runs.open()).isRecoveryDue).to.equal(true);
    const due = await runs.reopen('boot 2');
    expect(due.isRecoveryDue).to.equal(true);

    await due.noteRecovery();

    expect((await runs.reopen('boot 2')).isRecoveryDue).to.equal(false);
  });

  it('forgets what is removed, also when that is asked for twice', async () => {
    const first = await runs.open();
    await fill(first);
    for (let time = 1; time <= 2; time++) {
      await first.networks.remove('n1');
      await first.endpoints.remove('e1');
    }

    const { networks, endpoints } = await runs.reopen();

    expect(await networks.load()).to.deep.equal([]);
    expect(await endpoints.load()).to.deep.equal([]);
  });

  it('frees the leases of containers after a reboot, and nothing else', async () => {
    const state = await runs.open();
    await fill(state);
    const gateway = { poolId: pool.id, address: '10.1.0.1', purpose: 'gateway' } as const;
    const reserved = { ...lease, address: '10.1.0.9', purpose: 'auxiliary', holder: 'router' } as const;
    await state.leases.putLease(gateway);
    await state.leases.putLease(reserved);

    const rebooted = await runs.reopen('boot 2');
    expect(rebooted.isFromEarlierBoot).to.equal(true);
    await forgetContainers(rebooted, logger);

    expect(await rebooted.endpoints.load()).to.deep.equal([]);
    const afterwards = await runs.reopen('boot 2');
    expect(afterwards.isFromEarlierBoot).to.equal(false);
    expect(await afterwards.networks.load()).to.deep.equal([network]);
    expect(await all(afterwards.leases.loadLeases(pool.id))).to.have.deep.members([gateway, reserved]);
  });

  it('is still of the earlier boot when the forgetting was cut short', async () => {
    await fill(await runs.open());
    const rebooted = await runs.reopen('boot 2');
    const cut = { ...rebooted.endpoints, remove: () => Promise.reject(new Error('killed')) };
    await forgetContainers({ ...rebooted, endpoints: cut }, logger).catch(() => undefined);

    expect((await runs.reopen('boot 2')).isFromEarlierBoot).to.equal(true);
  });

  it('brings records of the oldest layout to the newest, once', async () => {
    await runs.reopen();
    await runs.close();
    const old = await openDatabase(runs.directory);
    await old.put('schema', 1);
    await recordsOf(old, 'endpoints').put('e1', { ...endpoint, additional: undefined });
    await recordsOf(old, 'networks').put('n1', { ...network, prefixes: undefined });
    await old.close();

    const { networks, endpoints } = await runs.open();

    expect(await networks.load()).to.deep.equal([network]);
    expect(await endpoints.load()).to.deep.equal([endpoint]);
    await endpoints.put({ ...endpoint, additional: [additional] });
    expect(await (await runs.reopen()).endpoints.load()).to.deep.equal([{ ...endpoint, additional: [additional] }]);
  });

  it('belongs to one process at a time', async () => {
    await runs.open();

    expect(await runs.refusal()).to.equal(
      `state directory ${runs.directory} is in use by another routed-plugin: stop it, or name another with --state-dir`,
    );
  });

  it('refuses the state of a newer release and leaves it as it is', async () => {
    await runs.reopen();
    await runs.close();
    const database = await openDatabase(runs.directory);
    await database.put('schema', SCHEMA_VERSION + 1);
    await database.close();

    expect(await runs.refusal()).to.match(
      /was written by a newer release .* install that release, or move the directory away/,
    );
    expect(await runs.refusal()).to.match(/newer release/);
  });

  describe('as a lease store', () => {
    const cases = leaseStoreConformance(async () => {
      const openStore = async () => {
        const database = await openDatabase(runs.directory);
        const recent = await RecentWrites.open(database, 'boot 1');
        const close = () => recent.close().finally(() => database.close());
        return { store: durableLeaseStore(database, recent), close };
      };
      let opened = await openStore();
      return {
        store: opened.store,
        reopen: async () => {
          await opened.close();
          opened = await openStore();
          return opened.store;
        },
        close: () => opened.close(),
      };
    });
    for (const { title, run } of cases) it(title, run);
  });
});
