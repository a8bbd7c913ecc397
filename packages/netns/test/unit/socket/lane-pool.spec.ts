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
