import { expect } from 'chai';

import { MessageWriter } from '../../../src/codec/writer.ts';
import { LanePool } from '../../../src/socket/lane-pool.ts';
import { NetlinkSocket } from '../../../src/socket/netlink-socket.ts';
import { failure } from '../../support/failure.ts';
import { ackMessage, purpose } from '../../support/messages.ts';
import { ScriptedSys } from '../../support/scripted-sys.ts';

const message = new MessageWriter(16, 0).u32(0).finish();

/** Lanes that each have a kernel of their own, and a count of what is in flight over all. */
function openPool(laneCount: number): { pool: LanePool; systems: ScriptedSys[] } {
  const systems = Array.from(
    { length: laneCount },
    () => new ScriptedSys(({ sequence }) => [ackMessage({ sequence })]),
  );
  return { systems, pool: new LanePool(systems.map((sys, i) => new NetlinkSocket(sys, i))) };
}

describe('LanePool', () => {
  it('has one request in flight per lane and serves all the same', async () => {
    const { pool, systems } = openPool(3);

    await Promise.all(Array.from({ length: 20 }, () => pool.request(message, purpose)));

    expect(systems.map((sys) => sys.mostInFlight)).to.deep.equal([1, 1, 1]);
    expect(systems.reduce((count, sys) => count + sys.sent.length, 0)).to.equal(20);
  });

  it('frees the lane after a failure', async () => {
    const { pool, systems } = openPool(1);
    systems[0]!.sendResult = -1;
    await failure(pool.request(message, purpose));
    systems[0]!.sendResult = undefined;

    await pool.request(message, purpose);
  });

  it('keeps a session on one lane', async () => {
    const { pool, systems } = openPool(2);

    await pool.session(purpose, async (channel) => {
      await channel.request(message, purpose);
      await channel.session(purpose, (inner) => inner.request(message, purpose));
    });

    expect(systems.map((sys) => sys.sent.length).sort()).to.deep.equal([0, 2]);
  });

  describe('short requests', () => {
    const brief = { ...purpose, lock: 'brief' } as const;

    it('that are made at once are sent together, in order, and have outcomes of their own', async () => {
      const sys = new ScriptedSys((last, all) => [
        ...all.slice(1, 2).map(({ sequence }) => ackMessage({ sequence, errno: 17 })),
        ackMessage({ sequence: last.sequence }),
      ]);
      const pool = new LanePool([new NetlinkSocket(sys, 1)]);
      const messages = [1, 2, 3].map((value) => new MessageWriter(16, 0).u32(value).finish());

      const outcomes = await Promise.allSettled(messages.map((one) => pool.request(one, brief)));

      expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
      expect(sys.sent.map((all) => all.map(({ payload }) => payload[0]))).to.deep.equal([[1, 2, 3]]);
    });

    it('that wait for the same lane are sent together', async () => {
      const { pool, systems } = openPool(1);
      const first = pool.request(message, purpose);

      await Promise.all([
        first,
        pool.request(message, brief),
        Promise.resolve().then(() => pool.request(message, brief)),
      ]);

      expect(systems[0]!.sent.map((all) => all.length)).to.deep.equal([1, 2]);
    });

    it('that are made one after another are sent one by one', async () => {
      const { pool, systems } = openPool(1);

      for (let i = 0; i < 3; i++) await pool.request(message, brief);

      expect(systems[0]!.sent.map((all) => all.length)).to.deep.equal([1, 1, 1]);
    });

    it('are done before the pool is closed, and refused afterwards', async () => {
      const { pool, systems } = openPool(1);
      const done = [pool.request(message, brief), pool.request(message, brief)];

      await Promise.all([pool.close(), ...done]);

      expect(systems[0]!.sent).to.have.lengthOf(1);
      const refused = [pool.request(message, brief), pool.request(message, brief)];
      for (const request of refused) expect(await failure(request)).to.include({ code: 'CLOSED' });
    });
  });

  describe('close', () => {
    it('waits for what is under way and queued', async () => {
      const { pool, systems } = openPool(1);
      const done = [pool.request(message, purpose), pool.request(message, purpose), pool.batch([message])];

      const closing = pool.close();
      expect(systems[0]!.closed).to.deep.equal([]);
      await Promise.all([...done, closing]);

      expect(systems[0]!.sent).to.have.lengthOf(3);
      expect(systems[0]!.closed).to.deep.equal([0]);
    });

    it('closes every lane once, however often it is called', async () => {
      const { pool, systems } = openPool(2);

      await Promise.all([pool.close(), pool.close()]);
      await pool.close();

      expect(systems.map((sys) => sys.closed.length)).to.deep.equal([1, 1]);
    });

    it('lets nothing in afterwards', async () => {
      const { pool } = openPool(1);
      await pool.close();

      expect(await failure(pool.request(message, purpose))).to.include({ code: 'CLOSED', operation: 'test.run' });
      expect(await failure(pool.dump(message, purpose, () => 1))).to.include({ code: 'CLOSED' });
      expect(await failure(pool.batch([message]))).to.include({ code: 'CLOSED' });
      expect(await failure(pool.session(purpose, () => Promise.resolve()))).to.include({ code: 'CLOSED' });
    });
  });
});
