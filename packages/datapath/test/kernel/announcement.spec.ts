import { expect } from 'chai';
import { AnnouncementStage, type Client, type Connection, type HostName } from './announcement-stage.ts';

const EVERYBODY: readonly Client[] = ['machine', 'host1', 'host2', 'container1', 'container2'];
const ON_HOST1: readonly Client[] = ['host1', 'container1'];

for (const family of [4, 6] as const) {
  describe(`an address that is not announced (IPv${family})`, () => {
    const stage = new AnnouncementStage();
    const open: {
      readonly from: Client;
      readonly when: string;
      readonly to: HostName;
      readonly connection: Connection;
    }[] = [];

    before(async function () {
      this.timeout(30_000);
      await stage.open();
    });
    after(() => stage.close());

    beforeEach(async () => {
      await stage.clear();
      await stage.separate('host1', true);
      await stage.separate('host2', true);
      // host1 announces, everybody has heard; the container of host2 waits.
      await stage.announce('host1', family);
      await stage.withdraw('host2', family);
      await stage.learn('host2', family, 'host1');
      await stage.learn('machine', family, 'host1');
    });
    afterEach(() => {
      for (const { connection } of open.splice(0)) connection.end();
    });

    /** Opens a connection from each of the clients, which this host answers. */
    const opens = async (when: string, clients: readonly Client[], to: HostName): Promise<void> => {
      for (const from of clients) {
        const connection = stage.connect(from, family);
        open.push({ from, when, to, connection });
        expect(await connection.ask(), `${from} opens ${when}`).to.equal(to);
      }
    };
    /** Every connection is with whom it began with. */
    const goOn = async (when: string): Promise<void> => {
      for (const { from, when: opened, to, connection } of open) {
        expect(await connection.ask(), `${from}, open since "${opened}", ${when}`).to.equal(to);
      }
    };

    it('keeps its connections, and those of routers that have not heard', async () => {
      await opens('before', EVERYBODY, 'host1');
      await stage.withdraw('host1', family);

      await goOn('after the withdrawal');
      await opens('after the withdrawal', EVERYBODY, 'host1');
    });

    it('leaves new connections of this host to the host that announces it', async () => {
      await opens('before', ON_HOST1, 'host1');
      await stage.withdraw('host1', family);
      await opens('while nobody announces', ON_HOST1, 'host1');

      await stage.announce('host2', family);
      await stage.learn('host2', family, undefined);
      await stage.learn('host1', family, 'host2');

      await opens('while host2 announces', ON_HOST1, 'host2');
      await opens('when it has not heard', ['machine'], 'host1');
      await goOn('while host2 announces');
    });

    it('is reached inside a block of this host, and left to another host that announces it', async () => {
      await stage.haveBlock('host1', family, true);
      try {
        await stage.withdraw('host1', family);
        await opens('while nobody announces', [...ON_HOST1, 'machine'], 'host1');

        await stage.announce('host2', family);
        await stage.learn('host2', family, undefined);
        await stage.learn('host1', family, 'host2');

        await opens('while host2 announces', ON_HOST1, 'host2');
        await opens('when it has not heard', ['machine'], 'host1');
        await goOn('while host2 announces');
      } finally {
        await stage.haveBlock('host1', family, false);
      }
    });

    it('moves between the hosts and back without a connection lost', async () => {
      let [before, now]: [HostName, HostName] = ['host1', 'host2'];
      for (let move = 0; move < 3; move++) {
        await opens(`before move ${move}`, EVERYBODY, before);
        await stage.keepPrevious(now, family, before);
        await stage.separate(now, true, [family === 4 ? '10.1.0.5' : 'fd00:1::5']);
        await stage.announce(now, family);
        await stage.learn(now, family, undefined);
        await goOn(`move ${move}: announced, nobody has heard`);
        await stage.learn('machine', family, now);
        await goOn(`move ${move}: the machine has heard`);
        await stage.withdraw(before, family);
        await goOn(`move ${move}: withdrawn`);
        await stage.learn(before, family, now);
        await goOn(`move ${move}: done`);
        await opens(`after move ${move}`, EVERYBODY, now);
        for (const { connection } of open.splice(0)) connection.end();
        await stage.keepPrevious(now, family, undefined);
        [before, now] = [now, before];
      }
    });

    it('resets what the other host has no container for any more, instead of passing it to and fro', async () => {
      await opens('before', ['machine'], 'host1');
      await stage.keepPrevious('host2', family, 'host1');
      await stage.separate('host2', true, [family === 4 ? '10.1.0.5' : 'fd00:1::5']);
      await stage.announce('host2', family);
      await stage.learn('machine', family, 'host2');
      await stage.withdraw('host1', family);
      await goOn('while host1 has its container');

      await stage.forwarded('host1');
      // What host1 has no route of its own for, it sends where it learnt.
      await stage.separate('host1', false);
      await stage.learn('host1', family, 'host2');

      expect(await open[0]?.connection.ask(), 'the answer of a connection whose container has gone').to.equal('');
      expect(await stage.forwarded('host1'), 'packets that host1 sent back').to.be.below(10);
    });

    it('costs nothing once all is announced', async () => {
      await stage.announce('host1', family);
      await stage.separate('host1', false);

      const rules = await stage.sh('host1', `ip -${family} rule`);
      expect(rules).not.to.match(/7200|7201/);
      expect(await stage.sh('host1', 'nft list tables')).not.to.contain('routed_marks');
      await opens('then', EVERYBODY, 'host1');
    });
  });
}
