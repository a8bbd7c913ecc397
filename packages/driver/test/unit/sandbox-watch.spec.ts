import { linkDigits, linkNames } from '@routed/datapath';
import { EventEmitter } from 'node:events';
import type { Link, MonitorEvents } from '@routed/netns';
import { expect } from 'chai';
import sinon from 'sinon';
import type { Endpoint } from '../../src/endpoints/endpoint.ts';
import { SandboxWatch } from '../../src/sandboxes/sandbox-watch.ts';
import { endpointWith } from '../../../datapath/test/unit/support/sandbox-states.ts';

const plain = { ...endpointWith('aaaaaaaaaaaa', ['10.1.0.2']), sandboxKey: '/netns/plain' };
const rich = { ...endpointWith('bbbbbbbbbbbb', ['10.1.0.3'], ['10.1.0.4']), sandboxKey: '/netns/rich' };
const known = new Map<string, Endpoint>([plain, rich].map((endpoint) => [endpoint.id, endpoint]));

/** A link on the host. */
function hostLink(index: number, { id }: Endpoint, peerNetnsId?: number): Link {
  const { host: name, alias } = linkNames(id);
  return { index, name, alias, kind: 'veth', ...(peerNetnsId !== undefined && { peerNetnsId }) } as Link;
}

function foreignLink(index: number, peerNetnsId: number): Link {
  return { index, name: `veth${index}`, kind: 'veth', peerNetnsId } as Link;
}

describe('SandboxWatch', () => {
  let events: EventEmitter<MonitorEvents>;
  let request: sinon.SinonSpy;
  let prune: sinon.SinonSpy;
  let watch: SandboxWatch;
  let endpoints: Map<string, Endpoint>;
  beforeEach(() => {
    events = new EventEmitter();
    [request, prune] = [sinon.fake(), sinon.fake()];
    endpoints = new Map(known);
    watch = new SandboxWatch({
      endpoints: {
        get: (id) => endpoints.get(id),
        idOfLink: (name) => [...endpoints.keys()].find((id) => name.endsWith(linkDigits(id))),
      },
      sandboxReconciler: { request, prune },
    });
    watch.listenTo(events);
  });

  const tell = (change: 'new' | 'delete', link: Link): unknown => events.emit('link', { change, link });
  const arrive = ({ id }: Endpoint): unknown =>
    tell('delete', { index: 7, name: linkNames(id).container, kind: 'veth' } as Link);

  /** The sandboxes that visits were asked for since the last call. */
  function visits(): string[] {
    const keys = request.args.map(([sandboxKey]) => sandboxKey as string);
    request.resetHistory();
    return keys;
  }

  describe("a container's end that vanishes from the host", () => {
    it('has arrived in its sandbox, which needs a visit for additional addresses only', () => {
      arrive(rich);
      expect(visits()).to.deep.equal(['/netns/rich']);
      arrive(plain);
      expect(visits()).to.deep.equal([]);
    });

    it('means nothing for an endpoint that is not known, or in no sandbox', () => {
      arrive({ ...plain, id: 'cccccccccccc' });
      endpoints.set(rich.id, endpointWith('bbbbbbbbbbbb', ['10.1.0.3'], ['10.1.0.4']));
      arrive(rich);

      expect(visits()).to.deep.equal([]);
    });

    it('is not to be mistaken for links of others', () => {
      tell('delete', { index: 7, name: 'veth1234567', kind: 'veth' } as Link);
      tell('delete', hostLink(10, rich));

      expect(visits()).to.deep.equal([]);
    });
  });

  describe('a second link into a sandbox', () => {
    it('of ours calls for a visit, once', () => {
      tell('new', hostLink(10, plain, 1));
      expect(visits()).to.deep.equal([]);
      tell('new', hostLink(11, rich, 1));
      expect(visits()).to.have.lengthOf(1);

      tell('new', hostLink(11, rich, 1));
      expect(visits()).to.deep.equal([]);
    });

    it('of another driver does as well, whichever came first', () => {
      tell('new', hostLink(10, plain, 1));
      tell('new', foreignLink(20, 1));
      expect(visits()).to.deep.equal(['/netns/plain']);

      tell('new', foreignLink(21, 2));
      tell('new', hostLink(11, rich, 2));
      expect(visits()).to.deep.equal(['/netns/rich']);
    });

    it('calls for another when it goes', () => {
      tell('new', hostLink(10, plain, 1));
      tell('new', foreignLink(20, 1));
      visits();

      tell('delete', foreignLink(20, 1));
      expect(visits()).to.deep.equal(['/netns/plain']);
      tell('new', foreignLink(20, 1));
      visits();
      tell('delete', hostLink(10, plain, 1));
      expect(visits(), 'nobody of ours is left there').to.deep.equal([]);
    });

    it('means nothing between strangers, in another namespace, or while it is on the host', () => {
      tell('new', foreignLink(20, 1));
      tell('new', foreignLink(21, 1));
      tell('new', hostLink(10, plain, 2));
      tell('new', hostLink(11, rich));
      tell('new', { ...foreignLink(22, 2), kind: 'macvlan' });

      expect(visits()).to.deep.equal([]);
    });
  });

  describe('a survey', () => {
    it('calls for visits where there are additional addresses or several links', () => {
      const third = { ...endpointWith('cccccccccccc', ['10.1.0.9']), sandboxKey: '/netns/third' };
      endpoints.set(third.id, third);

      watch.survey([hostLink(10, plain, 1), foreignLink(20, 1), hostLink(11, rich, 2), hostLink(12, third, 3)]);

      expect(visits()).to.deep.equal(['/netns/plain', '/netns/rich']);
      expect(prune.callCount).to.equal(1);
    });

    it('knows afterwards what the events will be about', () => {
      watch.survey([hostLink(10, plain, 1)]);

      tell('new', foreignLink(20, 1));

      expect(visits()).to.deep.equal(['/netns/plain']);
    });

    it('leaves out endpoints that are not known and links that have gone', () => {
      endpoints.delete(plain.id);
      watch.survey([hostLink(10, plain, 1), foreignLink(20, 1), hostLink(11, rich, 2)]);
      expect(visits()).to.deep.equal(['/netns/rich']);

      tell('delete', hostLink(11, rich, 2));
      watch.survey([]);
      expect(visits()).to.deep.equal([]);
    });
  });
});
