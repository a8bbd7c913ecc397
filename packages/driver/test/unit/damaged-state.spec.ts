import { openDatabase, recordsOf } from '@routed/store';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openIpam } from '@routed/ipam';
import { expect } from 'chai';
import { all, endpoint, fill, lease, network, pool, StateRuns } from './support/state-runs.ts';

describe('the state directory', () => {
  let runs: StateRuns;
  beforeEach(async () => {
    runs = await StateRuns.create();
  });
  afterEach(() => runs.removeAll());

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
        await fill(await runs.open());
        await runs.close();
        const before = await readdir(runs.directory);
        const file = before.find((entry) => entry.startsWith(name))!;
        await damage(join(runs.directory, file));

        expect(await runs.refusal()).to.match(/cannot be read \(.*\): restore it from a backup, or move it away/);

        expect((await readdir(runs.directory)).filter((entry) => /\.(log|ldb)$/.test(entry))).to.deep.equal(
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
      const state = await runs.open();
      await fill(state);
      for (let number = 0; number < 20; number++)
        await state.leases.putLease({ ...lease, address: `10.1.1.${number}` });
      if (needsReopen) await runs.reopen();
      await runs.close();
      const name = (await readdir(runs.directory)).find((entry) => entry.endsWith(needsReopen ? '.ldb' : '.log'))!;
      const whole = await readFile(join(runs.directory, name));
      // The last record may be one that was being written when power failed, and was promised to nobody.
      const end = needsReopen ? whole.length - 60 : whole.length - 40;

      for (let position = 0; position < end; position += 97) {
        const damaged = Buffer.from(whole);
        damaged[position]! ^= 0x11;
        await writeFile(join(runs.directory, name), damaged);
        expect(await runs.refusal(), `byte ${position}`).to.match(/is damaged at byte \d+\): restore it from a backup/);
        expect(await readFile(join(runs.directory, name))).to.deep.equal(damaged);
      }

      await writeFile(join(runs.directory, name), whole);
      expect(await (await runs.open()).networks.load()).to.deep.equal([network]);
    });
  }

  it('takes a journal that ends in the middle of a record, as a power failure leaves it', async () => {
    await fill(await runs.open());
    await runs.close();
    const name = (await readdir(runs.directory)).find((entry) => entry.endsWith('.log'))!;
    const closed = await readFile(join(runs.directory, name));
    // Without the record that only ends it.
    const whole = closed.subarray(0, -30);

    for (const tail of [whole.subarray(0, -5), Buffer.concat([whole.subarray(0, -5), Buffer.alloc(100)])]) {
      await writeFile(join(runs.directory, name), tail);
      const state = await runs.open();
      expect(await all(state.leases.loadPools())).to.deep.equal([pool]);
      expect(await all(state.leases.loadLeases(pool.id))).to.deep.equal([]);
      await runs.close();
      for (const entry of await readdir(runs.directory)) await rm(join(runs.directory, entry));
      await fill(await runs.open());
      await runs.close();
    }
  });

  it('refuses state whose journal is gone', async () => {
    await fill(await runs.open());
    await runs.close();
    for (const name of await readdir(runs.directory)) if (name.endsWith('.log')) await rm(join(runs.directory, name));

    expect(await runs.refusal()).to.match(/journal, a file \*\.log, is missing\): restore it from a backup/);
  });

  describe('refuses a record that it cannot understand, by name:', () => {
    const shapes: [string, string, object, RegExp][] = [
      ['networks', 'n1', { ...network, pools: {} }, /record "networks n1": pools: .*expected array/],
      ['networks', 'n1', { ...network, isAnycast: 'true' }, /record "networks n1": isAnycast: .*expected boolean/],
      [
        'networks',
        'n1',
        { ...network, onConflict: 'fight' },
        /record "networks n1": onConflict: expected keep, yield or handover/,
      ],
      ['networks', 'n1', { ...network, mtuBytes: 0 }, /record "networks n1": mtuBytes: /],
      ['endpoints', 'e1', { ...endpoint, spoof: null }, /record "endpoints e1": spoof: expected strict or allow/],
      [
        'endpoints',
        'e1',
        { ...endpoint, additional: [{ ...lease, family: 4, isSticky: false, isAnycast: 1 }] },
        /record "endpoints e1": additional\.0\.isAnycast: .*expected boolean/,
      ],
      ['endpoints', 'e1', { ...endpoint, addresses: [{}] }, /record "endpoints e1": addresses\.0\.poolId: /],
      ['endpoints', 'e1', { ...endpoint, mac: 'x' }, /record "endpoints e1": mac: /],
      ['sticky', 's1', { id: 's1' }, /record "sticky s1": containerId: /],
      ['pools', pool.id, { ...pool, family: 5 }, /record "pools space\/10.1.0.0\/16": family: /],
      ['leases', `${pool.id} 10.1.0.2`, { ...lease, purpose: 'fun' }, /record "leases .* 10\.1\.0\.2": purpose: /],
      ['leases', `${pool.id} 10.1.0.2`, { ...lease, address: '10.1.0.300' }, /record "leases .*": address: /],
    ];
    for (const [kind, key, record, expected] of shapes) {
      it(`${kind} ${Object.keys(record).join(' ')}`, async () => {
        await fill(await runs.open());
        await runs.close();
        const database = await openDatabase(runs.directory);
        await recordsOf(database, kind).put(key, record);
        await database.close();

        const state = await runs.open();
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
      await fill(await runs.open());
      await runs.close();
      const database = await openDatabase(runs.directory);
      await database.sublevel('leases', { valueEncoding: 'utf8' }).put(`${pool.id} 10.1.0.2`, '{');
      await database.close();

      const failure = await openIpam({ store: (await runs.open()).leases }).catch((error: unknown) => error);

      expect(failure).to.include({ code: 'STATE_UNREADABLE' });
    });

    it('and keeps what a newer release has added to one', async () => {
      const state = await runs.open();
      await state.networks.put({ ...network, colour: 'blue' } as typeof network);

      expect(await state.networks.load()).to.deep.equal([{ ...network, colour: 'blue' }]);
    });
  });
});
