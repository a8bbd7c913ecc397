import { expect } from 'chai';
import { missingNeighbors, missingRoutes } from '../../../src/apply/confirm.ts';
import type { RouterState } from '../../../src/apply/router-state.ts';

const state: RouterState = {
  daemons: ['zebra', 'ospfd', 'bgpd'],
  places: ['OSPF', 'OSPF on eth1', 'BGP ipv4 with eth2'],
  neighbors: [
    { name: 'OSPF neighbor 10.0.0.2 on eth1', place: 'OSPF on eth1' },
    { name: 'BGP session with eth2 (ipv4)', place: 'BGP ipv4 with eth2' },
  ],
  announced: [
    { what: 'announced by OSPF', place: 'OSPF', prefixes: ['10.1.0.1/32', '10.1.0.2/32'] },
    { what: 'announced to eth2 by BGP', place: 'BGP ipv4 with eth2', prefixes: ['10.1.0.1/32'] },
  ],
  learnt: [
    { prefix: '10.1.1.1/32', origin: 'OSPF router 10.0.0.2', isInKernel: true },
    { prefix: '10.1.2.1/32', origin: 'AS 65002', isInKernel: true },
    { prefix: '10.1.2.2/32', origin: 'AS 65002', isInKernel: true },
    { prefix: '10.1.3.1/32', origin: 'AS 65003', isInKernel: false },
  ],
  deadSec: 4,
};

const expectation = { state, ended: new Set<string>() };

const missing = (now: Partial<RouterState>, withdrawn: readonly string[] = []): string[] =>
  missingRoutes({ state, withdrawn: new Set(withdrawn) }, { ...state, ...now }).map(({ prefix }) => prefix);

describe('what is missing after a change', () => {
  it('is nothing when everything is as before', () => {
    expect(missingNeighbors(expectation, state)).to.deep.equal([]);
    expect(missing({})).to.deep.equal([]);
  });

  it('is nothing when one session announces both families', () => {
    const places = [...state.places, 'BGP ipv6 with eth2'];
    const ipv6 = { what: 'announced to eth2 by BGP', place: 'BGP ipv6 with eth2', prefixes: ['fd00:1::1/128'] };

    expect(missing({ places, announced: [...state.announced, ipv6] })).to.deep.equal([]);
  });

  it('is a neighbor where the configuration still wants one, and a daemon that has gone', () => {
    const now = { ...state, daemons: ['zebra', 'ospfd'], neighbors: [] };

    expect(missingNeighbors(expectation, now)).to.deep.equal([
      'bgpd has gone',
      'OSPF neighbor 10.0.0.2 on eth1',
      'BGP session with eth2 (ipv4)',
    ]);
    expect(missingNeighbors(expectation, { ...now, daemons: state.daemons, places: ['OSPF'] })).to.deep.equal([]);
  });

  it('is no daemon that does not start any more', () => {
    const now = { ...state, daemons: ['zebra', 'ospfd'], neighbors: [], places: [] };

    expect(missingNeighbors({ state, ended: new Set(['bgpd']) }, now)).to.deep.equal([]);
    expect(missingNeighbors({ state, ended: new Set(['ospfd']) }, now)).to.deep.equal(['bgpd has gone']);
  });

  it('is a route that one neighbor no longer hears of, unless the plan withdraws it', () => {
    const announced = [state.announced[0]!, { ...state.announced[1]!, prefixes: [] }];

    expect(missing({ announced })).to.deep.equal(['10.1.0.1/32']);
    expect(missing({ announced }, ['10.1.0.1/32'])).to.deep.equal([]);
  });

  it('is a route that others announce and that the kernel no longer has', () => {
    const learnt = state.learnt.map((route) => ({ ...route, isInKernel: false }));

    expect(missing({ learnt })).to.deep.equal(['10.1.1.1/32', '10.1.2.1/32', '10.1.2.2/32']);
  });

  it('is no route that whoever announced it has withdrawn', () => {
    const [, , kept] = state.learnt;

    expect(missing({ learnt: [kept!] }), 'OSPF says so, and AS 65002 says other things').to.deep.equal([]);
    expect(missing({ learnt: [state.learnt[0]!] }), 'AS 65002 says nothing').to.deep.equal([
      '10.1.2.1/32',
      '10.1.2.2/32',
    ]);
    expect(missing({ learnt: state.learnt.slice(1), places: [] }), 'OSPF has gone').to.deep.equal(['10.1.1.1/32']);
  });
});
