import { createDeferred } from '@routed/plugin-server';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EndpointFilters } from '@routed/netfilter';
import { expect } from 'chai';
import sinon from 'sinon';
import { EndpointFiltering } from '../../src/endpoint/endpoint-filtering.ts';
import { endpointWith } from './support/sandbox-states.ts';

const closed = (id: string, address: string) => ({ ...endpointWith(id, [address]), ingress: 'none' });

describe('connections of endpoints', () => {
  let forget: sinon.SinonStub<[readonly string[]], Promise<void>>;
  let set: sinon.SinonSpy;
  let remove: sinon.SinonStub<string[], Promise<void>>;
  let warn: sinon.SinonSpy;
  let filtering: EndpointFiltering;
  beforeEach(() => {
    forget = sinon.stub<[readonly string[]], Promise<void>>().resolves();
    [set, warn] = [sinon.fake.resolves(undefined), sinon.fake()];
    remove = sinon.stub<string[], Promise<void>>().resolves();
    filtering = new EndpointFiltering({
      filters: { set, remove } as Partial<EndpointFilters> as EndpointFilters,
      connections: {
        forget,
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
      hostResolvers: () => ['10.0.0.53'],
      logger: { debug: () => undefined, info: () => undefined, warn, error: () => undefined },
    });
  });
  afterEach(() => sinon.restore());

  it('ask for support of names only where a list has names', async () => {
    const refused = (egress: string | undefined): Promise<unknown> =>
      filtering.requireSupport(egress === undefined ? {} : { egress }).then(
        () => 'supported',
        (error: unknown) => String(error),
      );

    expect(await refused('10.0.0.0/8,api.example.com:443/tcp')).to.equal('Error: no queue');
    for (const list of ['10.0.0.0/8', 'none', undefined]) expect(await refused(list), list).to.equal('supported');
  });

  it('of several that start at once are forgotten by as few requests as can be', async () => {
    const first = createDeferred<undefined>();
    forget.onFirstCall().callsFake(() => first.promise.then(() => undefined));
    const begun = ['10.1.0.2', '10.1.0.3', '10.1.0.4'].map((address, index) => {
      return sleep(index * 5).then(() => filtering.begin(closed(`${index}`.repeat(12), address)));
    });
    await sleep(30);
    first.resolve(undefined);

    await Promise.all(begun);

    expect(forget.args).to.deep.equal([[['10.1.0.2']], [['10.1.0.3', '10.1.0.4']]]);
  });

  it('are not waited for where everybody may enter', async () => {
    await filtering.begin(endpointWith('aaaaaaaaaaaa', ['10.1.0.2']));

    expect(forget.callCount).to.equal(0);
  });

  it('keep no container from starting on a kernel that cannot forget them', async () => {
    forget.rejects(new Error('no ctnetlink'));

    await filtering.begin(closed('aaaaaaaaaaaa', '10.1.0.2'));

    expect(set.callCount).to.equal(1);
    expect(warn.lastCall.args[1]).to.equal('could not end existing connections');
  });

  it('are forgotten a moment after their endpoint has left, unless the address is in use again', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout'] });
    filtering.end(endpointWith('aaaaaaaaaaaa', ['10.1.0.2']), () => true);
    filtering.end(endpointWith('bbbbbbbbbbbb', ['10.1.0.3']), (address) => address !== '10.1.0.3');

    await clock.tickAsync(1_000);

    expect(forget.args).to.deep.equal([[['10.1.0.2']]]);
    clock.restore();
  });

  describe('filters of links that are down', () => {
    const web = endpointWith('aaaaaaaaaaaa', ['10.1.0.2']);
    const link = 'vethraaaaaaaaaa';

    it('go soon, all together, and nobody waits', async () => {
      filtering.removeSoon(web.id);
      filtering.removeSoon('bbbbbbbbbbbb');
      expect(remove.callCount).to.equal(0);

      await filtering.settle();

      expect(remove.args).to.deep.equal([[link, 'vethrbbbbbbbbbb']]);
    });

    it('stay where the endpoint joins again before that', async () => {
      filtering.removeSoon(web.id);
      await filtering.begin(web);

      await filtering.settle();

      expect(remove.callCount).to.equal(0);
      expect(set.callCount).to.equal(1);
    });

    it('are set anew only when they are gone, where the endpoint joins meanwhile', async () => {
      const removed = createDeferred<undefined>();
      remove.callsFake(() => removed.promise.then(() => undefined));
      filtering.removeSoon(web.id);
      while (remove.callCount === 0) await sleep(5);

      const begun = filtering.begin(web);
      await new Promise((resolve) => setImmediate(resolve));
      expect(set.callCount).to.equal(0);
      removed.resolve(undefined);
      await begun;

      expect(set.callCount).to.equal(1);
    });

    it('that could not be removed are tried again', async () => {
      remove.onFirstCall().rejects(new Error('ENOBUFS'));
      filtering.removeSoon(web.id);
      await filtering.settle();

      expect(remove.args).to.deep.equal([[link], [link]]);
      expect(warn.callCount).to.equal(1);
    });
  });
});
