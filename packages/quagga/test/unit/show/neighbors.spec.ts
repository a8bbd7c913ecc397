import { expect } from 'chai';
import fc from 'fast-check';
import { NeighborWatch } from '../../../src/show/neighbor-watch.ts';
import { readNeighbors } from '../../../src/show/neighbors.ts';
import type { RouterLines } from '../../../src/show/router-lines.ts';
import { scriptedLines } from './support.ts';

// What FRR answered, without fields that nobody reads: 8.4.4, where releases do not differ.
const BGP = 'show bgp neighbors json';
const OSPF = 'show ip ospf neighbor detail json';
const OSPF6 = 'show ipv6 ospf6 neighbor json';
const established = {
  bgpState: 'Established',
  bgpTimerUpMsec: 9000,
  connectionsEstablished: 2,
  connectionsDropped: 1,
  lastResetDueTo: 'No AFI/SAFI activated for peer',
  addressFamilyInfo: {
    ipv4Unicast: {
      acceptedPrefixCounter: 3,
      sentPrefixCounter: 0,
      prefixAllowedMax: 10,
      prefixAllowedWarningThresh: 75,
    },
    ipv6Unicast: { acceptedPrefixCounter: 0, sentPrefixCounter: 2, prefixAllowedMax: 9, prefixAllowedMaxWarning: true },
  },
};
const refused = {
  bgpState: 'Idle',
  connectionsDropped: 2,
  lastNotificationReason: 'Cease/Maximum Number of Prefixes Reached',
  lastResetDueTo: 'BGP Notification send',
  prefixesConfigExceedMax: true,
  addressFamilyInfo: { ipv4Unicast: { acceptedPrefixCounter: 0 } },
};
const ospf = (nbrState: string, lastPrgrsvChangeMsec: number): object => ({
  neighbors: { '10.0.0.1': [{ ifaceName: 'eth1', nbrState, stateChangeCounter: 4, lastPrgrsvChangeMsec }] },
});
const bfd = { peer: '10.0.0.1', interface: 'eth1' };

describe('readNeighbors', () => {
  it('finds nothing where no daemon answers', async () => {
    expect(await readNeighbors(scriptedLines({}))).to.deep.equal({ answered: [], neighbors: [] });
  });

  it('reads sessions, prefixes, limits and the last error of BGP', async () => {
    const { answered, neighbors } = await readNeighbors(
      scriptedLines({ [BGP]: { '10.0.0.1': established, eth1: refused, bgpNoSuchInstance: true } }),
    );

    expect(answered).to.deep.equal(['bgpd']);
    expect(neighbors).to.deep.equal([
      {
        protocol: 'bgp',
        neighbor: '10.0.0.1',
        link: '',
        state: 'Established',
        isUp: true,
        upSec: 9,
        flaps: 1,
        lastError: 'No AFI/SAFI activated for peer',
        prefixes: [
          { family: 'ipv4', received: 3, sent: 0, limit: { prefixes: 10, endsSession: true } },
          { family: 'ipv6', received: 0, sent: 2, limit: { prefixes: 9, endsSession: false } },
        ],
      },
      {
        protocol: 'bgp',
        neighbor: 'eth1',
        link: '',
        state: 'Idle (PfxCt)',
        isUp: false,
        upSec: 0,
        flaps: 2,
        lastError: 'Cease/Maximum Number of Prefixes Reached',
        isOverLimit: true,
        prefixes: [{ family: 'ipv4', received: 0, sent: 0 }],
      },
    ]);
  });

  it('reads adjacencies of both OSPF daemons, and sessions of BFD with their counters', async () => {
    const { neighbors } = await readNeighbors(
      scriptedLines({
        [OSPF]: ospf('Full/DROther', 10_196),
        [OSPF6]: {
          neighbors: [{ neighborId: '10.0.0.1', state: 'Full', duration: '2d03:00:09', interfaceName: 'eth1' }],
        },
        'show bfd peers json': [{ ...bfd, status: 'up', uptime: 12 }],
        'show bfd peers counters json': [
          { ...bfd, 'control-packet-input': 46, 'control-packet-output': 47, 'session-up': 1, 'session-down': 0 },
        ],
      }),
    );

    const common = { neighbor: '10.0.0.1', link: 'eth1', isUp: true };
    expect(neighbors).to.deep.equal([
      { ...common, protocol: 'ospf', state: 'Full/DROther', upSec: 10.196 },
      { ...common, protocol: 'ospf6', state: 'Full', upSec: (2 * 24 + 3) * 3600 + 9 },
      { ...common, protocol: 'bfd', state: 'up', upSec: 12, flaps: 0, packets: { received: 46, sent: 47 } },
    ]);
  });
});

describe('NeighborWatch', () => {
  /** A watch over what `answers` holds at the time, with a clock that `pass` advances. */
  const watching = () => {
    let answers: Record<string, unknown> = {};
    const asked: string[] = [];
    const lines: RouterLines = {
      ask: (daemon, command) => {
        asked.push(`${daemon}: ${command}`);
        return Promise.resolve(answers[command]);
      },
    };
    let nowMs = 0;
    const watch = new NeighborWatch({ lines, nowMs: () => nowMs });
    const after = async (sec: number, now: Record<string, unknown>) => {
      nowMs += sec * 1000;
      answers = now;
      return await watch.report();
    };
    return { after, asked };
  };

  it('asks again only after 5 s', async () => {
    const { after, asked } = watching();
    await after(0, { [OSPF]: ospf('Full/DR', 1000) });
    await after(4, { [OSPF]: ospf('Full/DR', 5000) });

    expect(asked.filter((question) => question === `ospfd: ${OSPF}`)).to.have.lengthOf(1);
    expect((await after(2, { [OSPF]: ospf('Full/DR', 7000) })).neighbors[0]?.upSec).to.equal(7);
  });

  it('shows an OSPF neighbor that has gone as down, counts its loss once, and forgets it after an hour', async () => {
    const { after } = watching();
    await after(0, { [OSPF]: ospf('Full/DR', 1000) });

    const gone = await after(10, { [OSPF]: { neighbors: {} } });
    const still = await after(3500, { [OSPF]: { neighbors: {} } });
    const back = await after(10, { [OSPF]: ospf('Full/DR', 2000) });
    await after(10, { [OSPF]: { neighbors: {} } });
    const forgotten = await after(3700, { [OSPF]: { neighbors: {} } });

    expect(gone.neighbors).to.have.lengthOf(1);
    expect(gone.neighbors[0]).to.include({ state: 'gone', isUp: false, upSec: 0, flaps: 1 });
    expect(still.neighbors[0]).to.include({ state: 'gone', flaps: 1 });
    expect(back.neighbors[0]).to.include({ state: 'Full/DR', isUp: true, upSec: 2, flaps: 1 });
    expect(forgotten.neighbors).to.deep.equal([]);
  });

  it('counts a loss between two questions by the age of the adjacency', async () => {
    const { after } = watching();
    await after(0, { [OSPF]: ospf('Full/DR', 60_000) });

    expect((await after(30, { [OSPF]: ospf('Full/DR', 12_000) })).neighbors[0]?.flaps).to.equal(1);
    expect((await after(30, { [OSPF]: ospf('Init/DR', 50) })).neighbors[0]?.flaps).to.equal(2);
    expect((await after(30, { [OSPF]: ospf('Full/DR', 25_000) })).neighbors[0]?.flaps).to.equal(2);
  });

  it('says which daemon no longer answers, and nothing of its neighbors meanwhile', async () => {
    const { after } = watching();
    await after(0, { [OSPF]: ospf('Full/DR', 1000), [BGP]: {} });

    const silent = await after(10, { [BGP]: {} });
    const back = await after(10, { [OSPF]: ospf('Full/DR', 21_000), [BGP]: {} });

    expect(silent.daemons).to.deep.equal([
      { daemon: 'bgpd', answers: true },
      { daemon: 'ospfd', answers: false },
    ]);
    expect(silent.neighbors).to.deep.equal([]);
    expect(back.neighbors[0]).to.include({ isUp: true, flaps: 0 });
  });

  it('counts no more losses than there were, and none that it could not see', async () => {
    const steps = fc.array(
      fc.record({ lossAt: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }) }),
    );
    await fc.assert(
      fc.asyncProperty(steps, async (periods) => {
        const { after } = watching();
        let upSec = 100;
        await after(0, { [OSPF]: ospf('Full/DR', upSec * 1000) });
        let seen = 0;
        let found = 0;
        for (const { lossAt } of periods) {
          // The daemon comes back at once, at that part of the 30 s between two scrapes.
          upSec = lossAt === undefined ? upSec + 30 : 30 * (1 - lossAt);
          // A loss in the first 2 s of the 30 cannot be told from rounding.
          if (lossAt !== undefined && upSec + 2 < 30) seen++;
          found = (await after(30, { [OSPF]: ospf('Full/DR', upSec * 1000) })).neighbors[0]!.flaps;
        }
        expect(found).to.equal(seen);
      }),
    );
  });
});
