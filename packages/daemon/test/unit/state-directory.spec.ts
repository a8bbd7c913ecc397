import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openIpam } from '@routed/ipam';
import { leaseStoreConformance } from '@routed/ipam/testing';
import { expect } from 'chai';
import { SCHEMA_VERSION, openDatabase } from '../../src/state/database.ts';
import { durableLeaseStore } from '../../src/state/durable-lease-store.ts';
import { forgetContainers } from '../../src/state/forget-containers.ts';
import { recordsOf } from '../../src/state/records.ts';
import { openStateDirectory, type StateDirectory } from '../../src/state/state-directory.ts';

const network = { id: 'n1', pools: [], prefixes: [], spoof: 'strict', mtuBytes: 1500 } as const;
const endpoint = {
  id: 'e1',
  networkId: 'n1',
  addresses: [],
  additional: [],
  spoof: 'strict',
  mac: '02:42:0a:01:00:02',
} as const;
const pool = { id: 'space/10.1.0.0/16', addressSpace: 'space', family: 4, prefix: '10.1.0.0/16' } as const;
const lease = { poolId: pool.id, address: '10.1.0.2', purpose: 'endpoint' } as const;
const additional = { family: 4, address: '10.1.0.9', poolId: pool.id, isSticky: false } as const;
const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function all<T>(items: Iterable<T> | AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('the state directory', () => {
  let directory: string;
  let opened: StateDirectory[];
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'routed-state-')), 'state');
    opened = [];
  });
  afterEach(async () => {
    for (const state of opened) await state.close();
    await rm(join(directory, '..'), { recursive: true });
  });

  async function open(bootId = 'boot 1'): Promise<StateDirectory> {
    const state = await openStateDirectory(directory, bootId);
    opened.push(state);
    return state;
  }

  async function reopen(bootId?: string): Promise<StateDirectory> {
    await opened.pop()?.close();
    return await open(bootId);
  }

  async function refusal(): Promise<string> {
    return await open().then(
      () => 'no error',
      (error: unknown) => (error as Error).message,
    );
  }

  async function fill({ networks, endpoints, leases }: StateDirectory): Promise<void> {
    await networks.put(network);
    await endpoints.put(endpoint);
    await leases.putPool(pool);
    await leases.putLease(lease);
  }

  it('is readable by root alone', async () => {
    await open();

    expect((await stat(directory)).mode & 0o777).to.equal(0o700);
  });

  it('keeps its records from one life to the next', async () => {
    await fill(await open());

    const { networks, endpoints, leases, isFromEarlierBoot } = await reopen();

    expect(await networks.load()).to.deep.equal([network]);
    expect(await endpoints.load()).to.deep.equal([endpoint]);
    expect(await all(leases.loadPools())).to.deep.equal([pool]);
    expect(await all(leases.loadLeases(pool.id))).to.deep.equal([lease]);
    expect(isFromEarlierBoot).to.equal(false);
  });

  it('is due for recovery from its making until that is noted, also after a reboot', async () => {
    expect((await open()).isRecoveryDue).to.equal(true);
    const due = await reopen('boot 2');
    expect(due.isRecoveryDue).to.equal(true);

    await due.noteRecovery();

    expect((await reopen('boot 2')).isRecoveryDue).to.equal(false);
  });

  it('forgets what is removed, also when that is asked for twice', async () => {
    await fill(await open());
    for (let time = 1; time <= 2; time++) {
      await opened[0]!.networks.remove('n1');
      await opened[0]!.endpoints.remove('e1');
    }

    const { networks, endpoints } = await reopen();

    expect(await networks.load()).to.deep.equal([]);
    expect(await endpoints.load()).to.deep.equal([]);
  });

  it('frees the leases of containers after a reboot, and nothing else', async () => {
    const state = await open();
    await fill(state);
    const gateway = { poolId: pool.id, address: '10.1.0.1', purpose: 'gateway' } as const;
    const reserved = { ...lease, address: '10.1.0.9', holder: 'auxiliary address "router"' };
    await state.leases.putLease(gateway);
    await state.leases.putLease(reserved);

    const rebooted = await reopen('boot 2');
    expect(rebooted.isFromEarlierBoot).to.equal(true);
    await forgetContainers(rebooted, logger);

    expect(await rebooted.endpoints.load()).to.deep.equal([]);
    expect((await reopen('boot 2')).isFromEarlierBoot).to.equal(false);
    expect(await opened[0]!.networks.load()).to.deep.equal([network]);
    expect(await all(opened[0]!.leases.loadLeases(pool.id))).to.have.deep.members([gateway, reserved]);
  });

  it('is still of the earlier boot when the forgetting was cut short', async () => {
    await fill(await open());
    const rebooted = await reopen('boot 2');
    const cut = { ...rebooted.endpoints, remove: () => Promise.reject(new Error('killed')) };
    await forgetContainers({ ...rebooted, endpoints: cut }, logger).catch(() => undefined);

    expect((await reopen('boot 2')).isFromEarlierBoot).to.equal(true);
  });

  it('brings records of the oldest layout to the newest, once', async () => {
    await reopen();
    await opened.pop()?.close();
    const old = await openDatabase(directory);
    await old.put('schema', 1);
    await recordsOf(old, 'endpoints').put('e1', { ...endpoint, additional: undefined });
    await recordsOf(old, 'networks').put('n1', { ...network, prefixes: undefined });
    await old.close();

    const { networks, endpoints } = await open();

    expect(await networks.load()).to.deep.equal([network]);
    expect(await endpoints.load()).to.deep.equal([endpoint]);
    await endpoints.put({ ...endpoint, additional: [additional] });
    expect(await (await reopen()).endpoints.load()).to.deep.equal([{ ...endpoint, additional: [additional] }]);
  });

  it('belongs to one process at a time', async () => {
    await open();

    expect(await refusal()).to.equal(
      `state directory ${directory} is in use by another routed-plugin: stop it, or name another with --state-dir`,
    );
  });

  it('refuses the state of a newer release and leaves it as it is', async () => {
    await reopen();
    await opened.pop()?.close();
    const database = await openDatabase(directory);
    await database.put('schema', SCHEMA_VERSION + 1);
    await database.close();

    expect(await refusal()).to.match(
      /was written by a newer release .* install that release, or move the directory away/,
    );
    expect(await refusal()).to.match(/newer release/);
  });

  const damages: [string, (file: string) => Promise<void>][] = [
    [
      'garbled',
      async (file) =>
        writeFile(
          file,
          (await readFile(file)).map((byte) => byte ^ 0x5a),
        ),
    ],
    ['empty', (file) => writeFile(file, '')],
    ['missing', (file) => rm(file)],
  ];
  for (const name of ['CURRENT', 'MANIFEST']) {
    for (const [what, damage] of damages) {
      it(`refuses state whose ${name} file is ${what}, says what to do, and does not empty it`, async () => {
        await fill(await open());
        await opened.pop()?.close();
        const before = await readdir(directory);
        const file = before.find((entry) => entry.startsWith(name))!;
        await damage(join(directory, file));

        expect(await refusal()).to.match(/cannot be read \(.*\): restore it from a backup, or move it away/);

        expect((await readdir(directory)).filter((entry) => /\.(log|ldb)$/.test(entry))).to.deep.equal(
          before.filter((entry) => /\.(log|ldb)$/.test(entry)),
        );
      });
    }
  }

  for (const [what, needsReopen] of [
    ['journal', false],
    ['table', true],
  ] as const) {
    it(`refuses a ${what} in which any one byte is wrong, and does not change it`, async () => {
      await fill(await open());
      for (let number = 0; number < 20; number++)
        await opened[0]!.leases.putLease({ ...lease, address: `10.1.1.${number}` });
      if (needsReopen) await reopen();
      await opened.pop()?.close();
      const name = (await readdir(directory)).find((entry) => entry.endsWith(needsReopen ? '.ldb' : '.log'))!;
      const whole = await readFile(join(directory, name));
      // The last record may be one that was being written when power failed, and was promised to nobody.
      const end = needsReopen ? whole.length - 60 : whole.length - 250;

      for (let position = 0; position < end; position += 97) {
        const damaged = Buffer.from(whole);
        damaged[position]! ^= 0x11;
        await writeFile(join(directory, name), damaged);
        expect(await refusal(), `byte ${position}`).to.match(/is damaged at byte \d+\): restore it from a backup/);
        expect(await readFile(join(directory, name))).to.deep.equal(damaged);
      }

      await writeFile(join(directory, name), whole);
      expect(await (await open()).networks.load()).to.deep.equal([network]);
    });
  }

  it('takes a journal that ends in the middle of a record, as a power failure leaves it', async () => {
    await fill(await open());
    await opened.pop()?.close();
    const name = (await readdir(directory)).find((entry) => entry.endsWith('.log'))!;
    const whole = await readFile(join(directory, name));

    for (const tail of [whole.subarray(0, -5), Buffer.concat([whole.subarray(0, -5), Buffer.alloc(100)])]) {
      await writeFile(join(directory, name), tail);
      const state = await open();
      expect(await all(state.leases.loadPools())).to.deep.equal([pool]);
      expect(await all(state.leases.loadLeases(pool.id))).to.deep.equal([]);
      await opened.pop()?.close();
      for (const entry of await readdir(directory)) await rm(join(directory, entry));
      await fill(await open());
      await opened.pop()?.close();
    }
  });

  it('refuses state whose journal is gone', async () => {
    await fill(await open());
    await opened.pop()?.close();
    for (const name of await readdir(directory)) if (name.endsWith('.log')) await rm(join(directory, name));

    expect(await refusal()).to.match(/journal, a file \*\.log, is missing\): restore it from a backup/);
  });

  describe('refuses a record that it cannot understand, by name:', () => {
    const shapes: [string, string, object, RegExp][] = [
      ['networks', 'n1', { ...network, pools: {} }, /record "networks n1": pools: .*expected array/],
      ['endpoints', 'e1', { ...endpoint, addresses: [{}] }, /record "endpoints e1": addresses\.0\.poolId: /],
      ['endpoints', 'e1', { ...endpoint, mac: 'x' }, /record "endpoints e1": mac: /],
      ['sticky', 's1', { id: 's1' }, /record "sticky s1": containerId: /],
      ['pools', pool.id, { ...pool, family: 5 }, /record "pools space\/10.1.0.0\/16": family: /],
      ['leases', `${pool.id} 10.1.0.2`, { ...lease, purpose: 'fun' }, /record "leases .* 10\.1\.0\.2": purpose: /],
      ['leases', `${pool.id} 10.1.0.2`, { ...lease, address: '10.1.0.300' }, /record "leases .*": address: /],
    ];
    for (const [kind, key, record, expected] of shapes) {
      it(`${kind} ${Object.keys(record).join(' ')}`, async () => {
        await fill(await open());
        await opened.pop()?.close();
        const database = await openDatabase(directory);
        await recordsOf(database, kind).put(key, record);
        await database.close();

        const state = await open();
        const failure = await Promise.all([
          state.networks.load(),
          state.endpoints.load(),
          state.sticky.load(),
          openIpam({ store: state.leases }),
        ]).catch((error: unknown) => error);

        expect(failure).to.include({ code: 'STATE_UNREADABLE' });
        expect((failure as Error).message)
          .to.match(expected)
          .and.to.match(/restore it from a backup, or move it away/);
      });
    }

    it('what is no JSON', async () => {
      await fill(await open());
      await opened.pop()?.close();
      const database = await openDatabase(directory);
      await database.sublevel('leases', { valueEncoding: 'utf8' }).put(`${pool.id} 10.1.0.2`, '{');
      await database.close();

      const failure = await openIpam({ store: (await open()).leases }).catch((error: unknown) => error);

      expect(failure).to.include({ code: 'STATE_UNREADABLE' });
    });

    it('and keeps what a newer release has added to one', async () => {
      const state = await open();
      await state.networks.put({ ...network, colour: 'blue' } as typeof network);

      expect(await state.networks.load()).to.deep.equal([{ ...network, colour: 'blue' }]);
    });
  });

  describe('as a lease store', () => {
    const cases = leaseStoreConformance(async () => {
      let database = await openDatabase(directory);
      return {
        store: durableLeaseStore(database),
        reopen: async () => {
          await database.close();
          database = await openDatabase(directory);
          return durableLeaseStore(database);
        },
        close: () => database.close(),
      };
    });
    for (const { title, run } of cases) it(title, run);
  });
});
