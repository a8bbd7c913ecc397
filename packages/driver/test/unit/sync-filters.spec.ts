import { EndpointFiltering } from '@routed/datapath';
import { expect } from 'chai';
import sinon from 'sinon';
import type { EndpointFilters } from '@routed/netfilter';
import { StrayFilters } from '../../src/endpoints/sync-filters.ts';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const web = { id: dockerId('c80b7eea65283f'), link: 'vethrc80b7eea65' };
const ids = { NetworkID: dockerId('c98909'), EndpointID: web.id };

describe('StrayFilters', () => {
  let daemon: WiredDaemon;
  let poolId: string;
  let present: Set<string>;
  /** Called before a filter is set. */
  let onSet: () => void;
  let there: Set<string>;
  let strays: StrayFilters;
  beforeEach(async () => {
    daemon = await wiredDaemon();
    poolId = await createNetwork(daemon);
    present = new Set();
    onSet = () => undefined;
    const filters = { list: () => Promise.resolve([...present]), set, remove };
    there = new Set();
    const filtering = new EndpointFiltering({
      filters: filters as Partial<EndpointFilters> as EndpointFilters,
      connections: {
        forget: () => Promise.resolve(),
        forgetRefused: () => Promise.resolve(0),
        count: () => Promise.resolve(new Map()),
        mark: () => Promise.resolve(),
      },
      named: {
        set: () => Promise.resolve(),
        forget: () => Promise.resolve(),
        openings: () => [],
        requireSupport: () => Promise.reject(new Error('no queue')),
      },
      hostResolvers: () => [],
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    strays = new StrayFilters(daemon.parts.endpoints, {
      filtering,
      isThere: (link) => Promise.resolve(there.has(link)),
    });
  });
  afterEach(async () => {
    sinon.restore();
    await daemon.stop();
  });

  const set = async ({ link }: { readonly link: string }): Promise<void> => {
    onSet();
    await new Promise((resolve) => setImmediate(resolve));
    present.add(link);
  };
  const remove = (link: string): Promise<void> => Promise.resolve(void present.delete(link));
  const sync = (): Promise<void> => strays.sync();

  it('gives endpoints in containers their filter, and takes those of nobody away', async () => {
    await startContainer(daemon, { poolId, endpointId: web.id, address: '10.1.0.2' });
    present = new Set(['vethr0123456789', 'docker0']);

    await sync();

    expect([...present]).to.have.members([web.link, 'docker0']);
  });

  it('lets those be of links that are there and that no endpoint is known for, until the links are gone', async () => {
    present = new Set(['vethr0123456789', 'vethr9876543210']);
    there = new Set(['vethr0123456789']);

    await sync();
    expect([...present]).to.deep.equal(['vethr0123456789']);
    await strays.sweep();
    expect([...present]).to.deep.equal(['vethr0123456789']);

    there.clear();
    await strays.sweep();
    expect([...present]).to.deep.equal([]);
  });

  it('leaves none behind of an endpoint that leaves meanwhile', async () => {
    await startContainer(daemon, { poolId, endpointId: web.id, address: '10.1.0.2' });
    sinon.replace(daemon.filters, 'remove', sinon.fake(remove));
    let leaving: Promise<unknown> = Promise.resolve();
    onSet = () => {
      leaving = daemon.call('NetworkDriver.Leave', ids);
    };

    await sync();
    await leaving;
    await daemon.parts.endpoints.sweepFilters();

    expect([...present]).to.deep.equal([]);
  });

  it('lets one be of an endpoint that joins meanwhile', async () => {
    present.add(web.link);
    sinon.replace(daemon.filters, 'set', sinon.fake(set));
    const syncing = sync();
    await startContainer(daemon, { poolId, endpointId: web.id, address: '10.1.0.2' });

    await syncing;

    expect([...present]).to.deep.equal([web.link]);
  });
});
