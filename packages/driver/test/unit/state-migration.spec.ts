import { recordsOf, SCHEMA_VERSION, type StateDatabase } from '@routed/store';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ClassicLevel } from 'classic-level';
import sinon from 'sinon';
import { forgetContainers } from '../../src/state/forget-containers.ts';
import { openStateDirectory, type StateDirectory } from '../../src/state/state-directory.ts';
import { all, lease, pool, StateRuns } from './support/state-runs.ts';

const kept = { family: 4, address: '10.1.0.9', poolId: pool.id, isSticky: false } as const;

describe('the state directory of the first release, without additional addresses', () => {
  let directory: string;
  let opened: StateDirectory | undefined;
  const oldNetwork = { id: 'n1', pools: [{ poolId: pool.id, family: 4, prefix: pool.prefix, gateway: '10.1.0.1' }] };
  const oldEndpoint = { id: 'e1', networkId: 'n1', addresses: [], mac: '02:42:0a:01:00:02', sandboxKey: '/x' };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-state-'));
    const database: StateDatabase = new ClassicLevel(directory, { valueEncoding: 'json' });
    await database.put('schema', 1);
    await database.put('boot', 'boot 1');
    await recordsOf(database, 'networks').put('n1', oldNetwork);
    await recordsOf(database, 'endpoints').put('e1', oldEndpoint);
    await recordsOf(database, 'endpoints').put('e2', { ...oldEndpoint, id: 'e2', additional: [kept] });
    await recordsOf(database, 'pools').put(pool.id, pool);
    await recordsOf(database, 'leases').put(`${pool.id} ${lease.address}`, lease);
    await database.close();
  });

  afterEach(async () => {
    await opened?.close();
    await rm(directory, { recursive: true });
  });

  async function open(): Promise<StateDirectory> {
    opened = await openStateDirectory(directory, 'boot 1');
    return opened;
  }

  it('is taken over, with all it has', async () => {
    const { networks, endpoints, leases, isFromEarlierBoot } = await open();

    expect(await networks.load()).to.deep.equal([{ ...oldNetwork, prefixes: [], spoof: 'allow' }]);
    expect(await endpoints.load()).to.deep.equal([
      { ...oldEndpoint, additional: [], spoof: 'allow' },
      { ...oldEndpoint, id: 'e2', additional: [kept], spoof: 'allow' },
    ]);
    expect(await all(leases.loadPools())).to.deep.equal([pool]);
    expect(await all(leases.loadLeases(pool.id))).to.deep.equal([lease]);
    expect(isFromEarlierBoot).to.equal(false);
  });

  it('is of this release afterwards', async () => {
    await (await open()).close();
    opened = undefined;

    const database: StateDatabase = new ClassicLevel(directory, { valueEncoding: 'json' });
    expect(await database.get('schema')).to.equal(SCHEMA_VERSION);
    expect(await recordsOf(database, 'endpoints').get('e1')).to.deep.equal({
      ...oldEndpoint,
      additional: [],
      spoof: 'allow',
    });
    await database.close();
    expect(await (await open()).endpoints.load()).to.have.lengthOf(2);
  });
});

describe('the auxiliary addresses of a release that gave them the purpose of a container’s', () => {
  const holder = 'auxiliary address "router"';
  const old = { ...lease, address: '10.1.0.9', holder };
  const own = { ...lease, holder: 'web' };
  let runs: StateRuns;

  beforeEach(async () => {
    runs = await StateRuns.create();
    const { leases } = await runs.open();
    await leases.putPool(pool);
    for (const record of [old, { ...old, address: '10.1.0.10' }, own]) await leases.putLease(record);
  });
  afterEach(() => runs.removeAll());

  /** What is on the disk. */
  const records = async (): Promise<unknown[]> => {
    await runs.close();
    const database: StateDatabase = new ClassicLevel(runs.directory, { valueEncoding: 'json' });
    try {
      return await all(recordsOf(database, 'leases').values());
    } finally {
      await database.close();
    }
  };
  const load = async (): Promise<unknown[]> => all((await runs.reopen()).leases.loadLeases(pool.id));
  const upgraded = (address: string) => ({ ...old, address, purpose: 'auxiliary' });

  it('get their own purpose when they are loaded, once, and keep their holder, which that release goes by', async () => {
    const wanted = [upgraded('10.1.0.9'), upgraded('10.1.0.10'), own];

    expect(await load()).to.have.deep.members(wanted);
    expect(await records()).to.have.deep.members(wanted);
    expect(await load()).to.have.deep.members(wanted);
  });

  it('get it also when the daemon died between two of them', async () => {
    for await (const { address } of (await runs.reopen()).leases.loadLeases(pool.id)) if (address !== '10.1.0.2') break;
    expect(await records())
      .to.deep.include(old)
      .and.to.deep.include(upgraded('10.1.0.10'));

    expect(await load()).to.have.deep.members([upgraded('10.1.0.9'), upgraded('10.1.0.10'), own]);
  });

  it('stay with the operator when the host was rebooted at the same time', async () => {
    const state = await runs.reopen('boot 2');
    await forgetContainers(state, { debug: sinon.fake(), info: sinon.fake(), warn: sinon.fake(), error: sinon.fake() });

    expect(await records()).to.have.deep.members([upgraded('10.1.0.9'), upgraded('10.1.0.10')]);
  });
});
