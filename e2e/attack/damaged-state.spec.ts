import { openStateDirectory, type StateDirectory } from '@routed/driver';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { expect } from 'chai';
import { all, fill, lease, network, pool } from '../../packages/driver/test/unit/support/state-runs.ts';
import { messageOf } from '../../packages/store/test/unit/support/message-of.ts';
import { count, report } from './support/count.ts';
import { damages, type Damage } from './support/damages.ts';

const TRIES = count(52, 520);
const seed = Number(process.env['ROUTED_ATTACK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** What came of opening a damaged directory. */
type Outcome = 'refused' | 'whole' | 'shorter' | 'wrong';

describe('attack: a state directory that somebody damages', () => {
  let scratch: string;
  let intact: string;
  let records: readonly string[];

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'routed-damages-'));
    intact = join(scratch, 'intact');
    const first = await openStateDirectory(intact, 'boot');
    await fill(first);
    await putLeases(first, 0);
    await first.close();
    // What is written after a restart is in the journal, all before it in tables.
    const second = await openStateDirectory(intact, 'boot');
    await putLeases(second, 100);
    await second.close();
    // Opening the directory itself would move the journal into a table.
    await cp(intact, join(scratch, 'copy'), { recursive: true });
    records = await read(join(scratch, 'copy'));
    expect(records).to.have.lengthOf(3 + 81);
  });
  after(() => rm(scratch, { recursive: true }));

  async function putLeases(state: StateDirectory, from: number): Promise<void> {
    for (let last = from; last < from + 40; last++)
      await state.leases.putLease({ ...lease, address: `10.1.2.${last}`, holder: `endpoint ${last}` });
    if (from === 0) await state.networks.put({ ...network, id: 'n2' });
  }

  /** Every record, in words, as the daemon reads them at its start. */
  async function read(directory: string): Promise<string[]> {
    const state = await openStateDirectory(directory, 'boot');
    try {
      const lists = [
        await state.networks.load(),
        await state.endpoints.load(),
        await all(state.leases.loadLeases(pool.id)),
      ];
      return lists.flat().map((record) => JSON.stringify(record));
    } finally {
      await state.close();
    }
  }

  async function outcomeOf(directory: string, { isLikePowerFailure }: Damage): Promise<Outcome> {
    try {
      const found = await read(directory);
      if (found.length === records.length && found.every((record) => records.includes(record))) return 'whole';
      return isLikePowerFailure && isBeginning(found) ? 'shorter' : 'wrong';
    } catch (error) {
      const { message } = error as Error;
      expect(message, 'what it says')
        .to.contain(directory)
        .and.to.match(/restore it from a backup|name another/);
      return 'refused';
    }
  }

  /** Whether nothing is missing but what was written last, one after another. */
  function isBeginning(found: readonly string[]): boolean {
    const missing = records.filter((record) => !found.includes(record)).sort();
    // Addresses of three digits: they sort as they were written.
    const last = records.filter((record) => /"10\.1\.2\.1\d\d"/.test(record)).sort();
    return found.every((record) => records.includes(record)) && missing.join() === last.slice(-missing.length).join();
  }

  /** How many records LevelDB alone finds. */
  async function countByLevelDb(directory: string): Promise<number> {
    const database = new ClassicLevel<string, unknown>(directory, { valueEncoding: 'utf8' });
    await database.open();
    try {
      return (await database.iterator().all()).length;
    } finally {
      await database.close();
    }
  }

  /** Without our checks: one bit of the journal's middle, which every start would then take for its end. */
  it('control: LevelDB alone starts with records missing, and says nothing', async () => {
    const directory = join(scratch, 'control');
    await cp(intact, directory, { recursive: true });
    const all = await countByLevelDb(directory);
    await rm(directory, { recursive: true });
    await cp(intact, directory, { recursive: true });
    const journal = join(
      directory,
      (await readdir(directory)).find((name) => name.endsWith('.log'))!,
    );
    const bytes = await readFile(journal);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(journal, bytes);

    expect(await messageOf(read(directory))).to.match(/\.log is damaged at byte/);

    expect(await countByLevelDb(directory)).to.be.below(all);
    expect(await read(directory).then(({ length }) => length), 'and what is missing stays so').to.be.below(
      records.length,
    );
    await rm(directory, { recursive: true });
  });

  it(`never starts with records that are wrong or missing: ${TRIES} damages`, async function () {
    this.timeout(300_000);
    const outcomes = new Map<Outcome, string[]>();
    const list = damages(TRIES, seed);
    for (const [index, damage] of list.entries()) {
      const directory = join(scratch, `${index}`);
      await cp(intact, directory, { recursive: true });
      expect(await damage.do(directory), damage.what).to.equal(true);

      const outcome = await outcomeOf(directory, damage);

      outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), damage.what]);
      await rm(directory, { recursive: true });
    }

    const tally = (outcome: Outcome): number => outcomes.get(outcome)?.length ?? 0;
    report(
      `damaged state: ${TRIES} damages (ROUTED_ATTACK_SEED=${seed}), ${tally('wrong')} taken for whole, ` +
        `${tally('refused')} refused, ${tally('whole')} without effect, ${tally('shorter')} a journal that ends early`,
    );
    expect(outcomes.get('wrong') ?? []).to.deep.equal([]);
    expect(tally('refused')).to.be.above(TRIES / 3);
  });
});
