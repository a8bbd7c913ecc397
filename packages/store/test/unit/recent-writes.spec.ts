import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { openDatabase } from '../../src/database.ts';
import { notWritten } from '../../src/guarded-writes.ts';
import { type RecordChange, RecentWrites } from '../../src/recent-writes.ts';
import { recordsOf, type StateDatabase } from '../../src/records.ts';
import { messageOf } from './support/message-of.ts';

const BOOT = 'boot 1';
const files = ['recent-a', 'recent-b'];

describe('recent writes', () => {
  let directory: string;
  let database: StateDatabase;
  let recent: RecentWrites;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-recent-'));
    await open();
  });
  afterEach(async () => {
    await recent.close();
    await database.close();
    await rm(directory, { recursive: true });
  });

  async function open(bootId = BOOT): Promise<void> {
    database = await openDatabase(directory);
    try {
      recent = await RecentWrites.open(database, bootId);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** What a process that is killed leaves: the files as they are, and a database that knows nothing of what is pending. */
  async function kill(): Promise<Record<string, Buffer>> {
    const left = Object.fromEntries(
      await Promise.all(files.map(async (name) => [name, await readFile(join(directory, name))] as const)),
    );
    await database.close();
    await recent.close().catch(() => undefined);
    for (const [name, bytes] of Object.entries(left)) await writeFile(join(directory, name), bytes);
    return left;
  }

  async function stored(): Promise<Record<string, unknown>> {
    return Object.fromEntries(await recordsOf(database, 'things').iterator().all());
  }

  /** While the database takes nothing. */
  async function failing(work: () => Promise<unknown>, until: Promise<unknown> = Promise.resolve()): Promise<void> {
    const batch = database.batch.bind(database);
    database.batch = (() =>
      until.then(() => Promise.reject(new Error('No space left on device')))) as unknown as typeof database.batch;
    try {
      await work();
    } finally {
      database.batch = batch;
    }
  }

  /** The first in the file. */
  const sequenceIn = (bytes: Buffer): number => Number(/\[(\d+),/.exec(String(bytes))![1]);

  const put = (key: string, number: number): RecordChange => ({ kind: 'things', key, value: { number } });

  it('outlive a process that is killed at once', async () => {
    await recent.write([put('a', 1), put('b', 2)]);
    await recent.write([{ kind: 'things', key: 'a' }]);
    await kill();

    await open();

    expect(await stored()).to.deep.equal({ b: { number: 2 } });
  });

  it('are in the database soon, and nothing of them is left in the files', async () => {
    await recent.write([put('a', 1)]);

    await recent.flush();

    expect(await stored()).to.deep.equal({ a: { number: 1 } });
    const sizes = await Promise.all(files.map(async (name) => (await readFile(join(directory, name))).length));
    expect(sizes).to.deep.equal([0, 0]);
  });

  it('are in the database before what outlives a power failure, and so outlive it as well', async () => {
    await recent.write([put('a', 1)]);

    await recent.write([put('b', 2)], { isSynced: true });

    expect(await stored()).to.deep.equal({ a: { number: 1 }, b: { number: 2 } });
  });

  it('are whole or not there: a kill in the middle of one leaves those before', async () => {
    await recent.write([put('a', 1)]);
    const { 'recent-a': before } = await kill();
    for (const cut of [1, 5, 12]) {
      await writeFile(join(directory, 'recent-a'), before!);
      await appendFile(join(directory, 'recent-a'), before!.subarray(before!.indexOf('\n') + 1).subarray(0, cut));
      await open();

      expect(await stored()).to.deep.equal({ a: { number: 1 } });

      await kill();
    }
    await open();
  });

  it('are not there when the process was killed in the middle of the very first line', async () => {
    await recent.write([put('a', 1)]);
    const { 'recent-a': whole } = await kill();
    for (let length = 0; length < whole!.length - 1; length += 7) {
      await writeFile(join(directory, 'recent-a'), whole!.subarray(0, length));
      await open();

      expect(await stored(), `${length} bytes`).to.deep.equal({});

      await kill();
    }
    await open();
  });

  it('are refused when the file is damaged, by its name', async () => {
    await recent.write([put('a', 1)]);
    await recent.write([put('b', 1)]);
    const { 'recent-a': whole } = await kill();
    for (let position = 0; position < whole!.length; position++) {
      const damaged = Buffer.from(whole!);
      damaged[position]! ^= 0x01;
      await writeFile(join(directory, 'recent-a'), damaged);
      expect(await messageOf(open()), `byte ${position}`).to.match(/recent-a is damaged in line \d\): restore it/);
    }
    await writeFile(join(directory, 'recent-a'), whole!);
    await open();
  });

  it('of a boot that ended with a power failure are left out: the database may be newer', async () => {
    await recent.write([put('a', 1)]);
    await recent.write([put('b', 1)]);
    const { 'recent-a': whole } = await kill();
    await truncate(join(directory, 'recent-a'), whole!.length - 10);
    await appendFile(join(directory, 'recent-a'), Buffer.alloc(4096));
    await writeFile(join(directory, 'recent-b'), Buffer.alloc(4096));

    await open('boot 2');

    expect(await stored()).to.deep.equal({});
  });

  it('leave a file each that names the state directory when it cannot be opened', async () => {
    await recent.close();
    await database.close();
    await mkdir(join(directory, 'recent-a'));

    const message = await messageOf(open());

    expect(message).to.contain(`state directory ${directory}`).and.to.contain(join(directory, 'recent-a'));
    await rm(join(directory, 'recent-a'), { recursive: true });
    await open();
  });

  it('are all in the database after a close, for a release that reads nothing else', async () => {
    await recent.write([put('a', 1)]);
    await recent.close();

    expect(await stored()).to.deep.equal({ a: { number: 1 } });
    expect((await readdir(directory)).filter((name) => files.includes(name))).to.deep.equal([]);
    await database.close();
    await open();
  });

  it('that came last win, also when a start was cut short before both files were empty', async () => {
    await recent.write([put('a', 1)]);
    let fail = (): void => undefined;
    await failing(
      async () => {
        const flushing = messageOf(recent.flush());
        await setTimeout(0);
        // The first is on its way, and will not arrive: the second comes into the other file.
        await recent.write([put('a', 2)]);
        fail();
        await flushing;
      },
      new Promise<void>((resolve) => (fail = resolve)),
    );
    const left = await kill();
    expect(left['recent-a']!.length).to.be.greaterThan(0);
    expect(left['recent-b']!.length).to.be.greaterThan(0);
    const [older = '', newer = ''] = files.toSorted((one, other) => sequenceIn(left[one]!) - sequenceIn(left[other]!));

    // As after a kill between the two: the older one is empty, and the newer one is there still.
    await writeFile(join(directory, older), '');
    await writeFile(join(directory, newer), left[newer]!);
    await open();
    expect(await stored()).to.deep.equal({ a: { number: 2 } });

    await kill();
    for (const name of files) await writeFile(join(directory, name), left[name]!);
    await open();
    expect(await stored()).to.deep.equal({ a: { number: 2 } });
  });

  it('that arrive at a second try leave nothing that could come back after what was synced', async () => {
    await recent.write([put('a', 1)]);
    await failing(() => messageOf(recent.flush()));
    await recent.write([put('b', 1)]);
    await recent.flush();

    await recent.write(
      [
        { kind: 'things', key: 'a' },
        { kind: 'things', key: 'b' },
      ],
      { isSynced: true },
    );
    await kill();
    await open();

    expect(await stored()).to.deep.equal({});
  });

  it('wait for a database that is slow, once there are many', async () => {
    const batch = database.batch.bind(database);
    let goOn = (): void => undefined;
    const slow = new Promise<void>((resolve) => (goOn = resolve));
    database.batch = ((...args: [never[]]) => slow.then(() => batch(...args))) as unknown as typeof database.batch;
    let written = 0;
    const writing = Array.from({ length: 6000 }, async (_, number) => {
      await recent.write([put(`key ${number}`, number)]);
      written += 1;
    });
    let early = -1;
    while (early !== written) {
      early = written;
      await setTimeout(50);
    }
    goOn();
    await Promise.all(writing);
    await recent.flush();

    expect(early).to.be.at.most(5000);
    expect(Object.keys(await stored())).to.have.lengthOf(6000);
  });

  it('never differ from what was written, whenever the process is killed', async () => {
    const write = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      number: fc.option(fc.nat(9), { nil: undefined }),
      isSynced: fc.boolean(),
    });
    const steps = fc.array(
      fc.oneof({ weight: 6, arbitrary: write }, fc.constantFrom('flush', 'begin to flush', 'kill')),
      {
        maxLength: 25,
      },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (run) => {
        const expected = new Map<string, unknown>();
        for (const step of ['flush', ...run, 'kill'] as const) {
          if (step === 'flush') await recent.flush();
          else if (step === 'begin to flush') void recent.flush();
          else if (step === 'kill') {
            await kill();
            await open();
          } else {
            const { key, number, isSynced } = step;
            await recent.write([number === undefined ? { kind: 'things', key } : put(key, number)], { isSynced });
            if (number === undefined) expected.delete(key);
            else expected.set(key, { number });
          }
        }
        expect(await stored()).to.deep.equal(Object.fromEntries(expected));
        for (const key of expected.keys()) await recent.write([{ kind: 'things', key }]);
      }),
      { numRuns: 25 },
    );
  });

  it('are refused while the database cannot take them, and none is lost', async () => {
    await recent.write([put('a', 1)]);
    await failing(async () => {
      expect(await messageOf(recent.flush())).to.contain('No space left on device');
      expect(await messageOf(recent.write([put('b', 2)]))).to.contain('No space left on device');
    });

    await recent.write([put('b', 3)]);
    await recent.flush();

    expect(await stored()).to.deep.equal({ a: { number: 1 }, b: { number: 3 } });
  });

  it('that a full disk refuses say what to do, whoever found it full', () => {
    for (const text of ['IO error: No space left on device', 'ENOSPC: no space left on device, write'])
      expect(notWritten('/var/lib/routed', new Error(text)).message).to.match(
        /free space there, and repeat the command$/,
      );
  });
});
