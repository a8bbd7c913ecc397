import { expect } from 'chai';
import { gradually } from '@routed/driver/steps';
import { fillMapOf } from '../../src/server/fill-map.ts';
import { type Rows, rowsOf, search } from '../../src/server/rows.ts';
import { parsePrefix } from '@routed/addresses';
import { FakeHost } from '../support/fake-host.ts';

async function rowsOfHost(host: FakeHost): Promise<Rows> {
  return await gradually(rowsOf(await gradually(host.sources().report())));
}

const all = { text: '', offset: 0, limit: 100 };

describe('the addresses of the page', () => {
  it('begin with those that need a look', async () => {
    const host = new FakeHost(20);
    host.setAnnounced(17, false);

    const rows = await rowsOfHost(host);
    const { rows: shown, total } = await gradually(search(rows, all));

    expect(total).to.equal(20);
    expect(shown[0]).to.include({ container: 'web-17', state: 'withdrawn', reason: 'not healthy' });
    expect(rows.totals).to.include({ endpoints: 20, announced: 19, withdrawn: 1 });
    expect(rows.networks[0]?.sample[0]).to.include({ name: 'web-17' });
  });

  it('are found by every word of a search, in pages', async () => {
    const rows = await rowsOfHost(new FakeHost(300));

    const { total, rows: shown } = await gradually(search(rows, { text: 'APPS web-1', offset: 100, limit: 5 }));

    expect(total).to.equal(111);
    expect(shown.map(({ container }) => container)).to.deep.equal([
      'web-189',
      'web-190',
      'web-191',
      'web-192',
      'web-193',
    ]);
  });

  it('are found by their state', async () => {
    const host = new FakeHost(5);
    host.setAnnounced(2, false);

    const { rows } = await gradually(search(await rowsOfHost(host), { ...all, state: 'withdrawn' }));

    expect(rows.map(({ container }) => container)).to.deep.equal(['web-2']);
  });

  it('hold the event loop for a moment only, however many there are', async () => {
    const host = new FakeHost(10_000);
    let steps = 0;
    const done = new AbortController();
    const others = (async () => {
      for (; !done.signal.aborted; steps++) await new Promise((resolve) => setImmediate(resolve));
    })();

    const rows = await rowsOfHost(host);
    done.abort();
    await others;

    expect(rows.all).to.have.lengthOf(10_000);
    // In one piece, others would have had their turn when all is done.
    expect(steps).to.be.greaterThan(1);
  });
});

describe('a fill map', () => {
  it('counts the addresses in each cell, and frames the blocks', async () => {
    const rows = await rowsOfHost(new FakeHost(600));

    const map = await gradually(fillMapOf(parsePrefix('10.1.0.0/16')!, rows, ['10.1.4.0/24', '10.9.0.0/24']));

    expect(map).to.deep.equal({
      ...{ prefix: '10.1.0.0/16', shown: '10.1.0.0/16', cellSize: 256, cells: 256 },
      used: [254, 256, 90],
      blocks: [{ prefix: '10.1.4.0/24', from: 4, to: 4 }],
    });
  });

  it('shows the part in use of a prefix that is too large', async () => {
    const rows = await rowsOfHost(new FakeHost(600));

    const map = await gradually(fillMapOf(parsePrefix('10.0.0.0/8')!, rows, []));

    expect(map).to.include({ prefix: '10.0.0.0/8', shown: '10.1.0.0/22', cellSize: 4, cells: 256 });
    expect(map.used.reduce((sum, each) => sum + each, 0)).to.equal(600);
  });

  it('has a cell for each address of a small prefix', async () => {
    const rows = await rowsOfHost(new FakeHost(3));

    const map = await gradually(fillMapOf(parsePrefix('10.1.0.0/29')!, rows, []));

    expect(map).to.include({ cellSize: 1, cells: 8 });
    expect(map.used).to.deep.equal([0, 0, 1, 1, 1]);
  });
});
