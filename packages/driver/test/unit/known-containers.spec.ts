import type { Container, EngineNotice } from '@routed/docker-engine';
import { expect } from 'chai';
import { Readable } from 'node:stream';
import { KnownContainers } from '../../src/containers/known-containers.ts';
import type { Endpoint } from '../../src/endpoints/endpoint.ts';
import { dockerOf } from './support/wired.ts';

const web: Container = {
  id: 'c1',
  name: 'web',
  networks: [{ networkName: 'mine', networkId: 'n1', endpointId: 'e1' }],
};

describe('KnownContainers', () => {
  let joined: Set<string>;
  let containers: Container[];
  let notices: Readable;
  let asked: number;
  /** What Docker's answers wait for. */
  let gate: Promise<void>;
  let known: KnownContainers;
  let docker: ReturnType<KnownContainers['noting']>;

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const tell = async (notice: EngineNotice): Promise<void> => {
    notices.push(notice);
    await turn();
  };
  const happens = (action: string, id: string, attributes: Record<string, string> = {}): Promise<void> =>
    tell({ kind: 'event', event: { type: 'container', action, detail: '', id, attributes, timeNano: 0n } });
  const join = (endpointId: string): void => {
    joined.add(endpointId);
    known.onJoin(endpointId);
  };
  const leave = (endpointId: string): void => {
    joined.delete(endpointId);
    known.onLeave(endpointId);
  };

  beforeEach(async () => {
    joined = new Set();
    containers = [web];
    asked = 0;
    gate = Promise.resolve();
    notices = new Readable({ objectMode: true, read: () => undefined });
    const lists = dockerOf(() => containers);
    known = new KnownContainers({
      endpoints: {
        all: () => [],
        get: (id) => ({ id, networkId: 'n1' }) as Endpoint,
        isJoined: (id) => joined.has(id),
      },
      engineEvents: () => notices as AsyncIterable<EngineNotice> as AsyncGenerator<EngineNotice, void, undefined>,
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      askAgain: () => asked++,
    });
    docker = known.noting({
      list: () => lists.list(),
      owners: async (networkId) => {
        const answer = await lists.owners(networkId);
        await gate;
        return answer;
      },
      inspect: () => Promise.resolve(undefined),
      starting: () => Promise.resolve(undefined),
      kill: () => Promise.resolve(false),
    });
    join('e1');
    await docker.owners('n1');
    await tell({ kind: 'resync', reason: 'first' });
    await docker.owners('n1');
  });
  afterEach(async () => {
    notices.push(null);
    await known.stop();
  });

  it('knows a container that Docker has named, as Docker lists it', () => {
    expect(known.find('web')).to.deep.equal(web);
    expect(known.find('c1')).to.equal(undefined);
  });

  it('knows nothing of one that has left, or that was made anew under the name', async () => {
    leave('e1');
    expect(known.find('web')).to.equal(undefined);

    join('e2');
    containers = [{ id: 'c2', name: 'web', networks: [{ networkName: 'mine', networkId: 'n1', endpointId: 'e2' }] }];
    await docker.owners('n1');
    expect(known.find('web')?.id).to.equal('c2');
  });

  it('knows nothing while an endpoint has joined whose container is not known: it may be the same', async () => {
    join('e2');
    expect(known.find('web')).to.equal(undefined);

    const second = { networkName: 'other', networkId: 'n2', endpointId: 'e2' };
    containers = [{ ...web, networks: [...web.networks, second] }];
    await docker.owners('n2');
    expect(known.find('web')?.networks).to.deep.equal([...web.networks, second]);
  });

  it('says which endpoints of a network Docker has still to name, those that joined before a while left out', () => {
    join('e2');
    expect(known.unnamed('n1', 60_000)).to.deep.equal(['e2']);
    expect(known.unnamed('n2', 60_000)).to.deep.equal([]);
    expect(known.unnamed('n1', -1)).to.deep.equal([]);

    leave('e2');
    expect(known.unnamed('n1', 60_000)).to.deep.equal([]);
  });

  it('follows a rename, and does not take an older answer for newer', async () => {
    await happens('rename', 'c1', { name: 'site' });
    expect(known.find('web')).to.equal(undefined);
    expect(known.find('site')?.id).to.equal('c1');

    await docker.owners('n1');
    expect(known.find('site')?.id).to.equal('c1');
    expect(known.find('web')).to.equal(undefined);
  });

  it('tells two apart that swap their names', async () => {
    join('e2');
    const db = { id: 'c2', name: 'db', networks: [{ networkName: 'mine', networkId: 'n1', endpointId: 'e2' }] };
    containers = [web, db];
    await docker.owners('n1');

    await happens('rename', 'c1', { name: 'between' });
    await happens('rename', 'c2', { name: 'web' });
    await happens('rename', 'c1', { name: 'db' });

    const ids = ['web', 'db', 'between'].map((name) => known.find(name)?.id);
    expect(ids).to.deep.equal(['c2', 'c1', undefined]);
  });

  it('knows nothing while Docker is away, and the same again when nothing was missed', async () => {
    await tell({ kind: 'disconnected', error: undefined as never });
    expect(known.find('web')).to.equal(undefined);

    await tell({ kind: 'resumed' });
    expect(known.find('web')).to.deep.equal(web);
  });

  it('asks anew after a gap, in which a name may have changed, and takes no answer from before it', async () => {
    const before = asked;
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const late = docker.owners('n1');
    await turn();
    await tell({ kind: 'resync', reason: 'gap' });
    open();
    await late;
    expect(asked).to.equal(before + 1);
    expect(known.find('web')).to.equal(undefined);

    containers = [{ ...web, name: 'site' }];
    await docker.list();
    expect(known.find('site')?.id).to.equal('c1');
    expect(known.find('web')).to.equal(undefined);
  });
});
