import { recordsOf, SCHEMA_VERSION, type StateDatabase } from '@routed/store';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ClassicLevel } from 'classic-level';
import { openStateDirectory, type StateDirectory } from '../../src/state/state-directory.ts';
import { all, lease, pool } from './support/state-lives.ts';

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
