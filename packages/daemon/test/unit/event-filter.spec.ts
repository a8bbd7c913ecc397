import { expect } from 'chai';
import { eventFilter } from '../../src/admin/event-filter.ts';

const entry = {
  at: '2026-11-28T18:00:00.000Z',
  kind: 'announced',
  addresses: ['10.1.0.2', 'fd00::2'],
  endpointId: 'c80b7eea65283f'.padEnd(64, '0'),
  container: 'web',
  network: 'apps',
  detail: '',
} as const;
const nameless = { at: entry.at, kind: 'leased', addresses: [], detail: '' } as const;

describe('eventFilter', () => {
  for (const [query, isMeant] of [
    [{}, true],
    [{ address: 'fd00::2' }, true],
    [{ address: '10.1.0.3' }, false],
    [{ container: 'web' }, true],
    [{ container: 'we' }, false],
    [{ container: 'c80b7eea6528' }, true],
    [{ container: 'c80b7eea' }, false],
    [{ network: 'apps' }, true],
    [{ network: 'app' }, false],
    [{ since: '2026-11-28T18:00:00.000Z' }, true],
    [{ since: '2026-11-28T18:00:00.001Z' }, false],
    [{ container: 'web', network: 'others' }, false],
    [{ address: ['10.1.0.3', '10.1.0.4'] }, true],
  ] as const) {
    it(`${isMeant ? 'shows' : 'leaves out'} an event for ${JSON.stringify(query)}`, () => {
      expect(eventFilter(query)(entry)).to.equal(isMeant);
    });
  }

  it('leaves out what is of nobody, when somebody is asked for', () => {
    for (const query of [{ container: 'web' }, { network: 'apps' }, { address: '10.1.0.2' }])
      expect(eventFilter(query)(nameless), JSON.stringify(query)).to.equal(false);
    expect(eventFilter({})(nameless)).to.equal(true);
  });
});
