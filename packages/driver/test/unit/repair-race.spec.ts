import { LINK_GROUP } from '@routed/datapath';
import { expect } from 'chai';
import sinon from 'sinon';
import { createNetwork, dockerId, startContainer, type WiredDaemon, wiredDaemon } from './support/wired.ts';

const endpointId = dockerId('c80b7eea65283f');
const hostLink = 'vethrc80b7eea65';

/** Lets everything run that does not wait for a gate. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('a round of repairs beside other work', () => {
  let daemon: WiredDaemon;
  let poolId: string;
  beforeEach(async () => {
    daemon = await wiredDaemon();
    poolId = await createNetwork(daemon);
  });
  afterEach(() => sinon.restore());

  const hasLink = (): boolean => daemon.kernel.inspect().links.some(({ name }) => name === hostLink);

  /** Makes the next call of a method wait; returns what lets it go on. */
  function hold(service: 'links' | 'routes', method: 'createVeth' | 'replace' | 'delete' | 'list'): () => void {
    const target = daemon.kernel[service] as unknown as Record<string, (spec: unknown) => Promise<unknown>>;
    const original = target[method]!.bind(target);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    sinon.stub(target, method).callsFake(async (spec: unknown) => {
      if (method === 'createVeth') {
        const made = await original(spec);
        await gate;
        return made;
      }
      await gate;
      return await original(spec);
    });
    return release;
  }

  for (const [service, method] of [
    ['links', 'createVeth'],
    ['routes', 'replace'],
  ] as const) {
    it(`leaves the link of an endpoint alone that is at ${method} in Join`, async () => {
      const release = hold(service, method);
      const starting = startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
      await turns();
      expect(hasLink(), 'link made before the round').to.equal(true);

      daemon.repair();
      await turns();
      release();
      await starting;
      await daemon.stop();
      await daemon.reaper.flush();

      expect(hasLink()).to.equal(true);
      expect(daemon.warnings.callCount, 'repairs').to.equal(0);
    });
  }

  it('takes no address away that an endpoint gets during the round', async () => {
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    const release = hold('routes', 'list');
    daemon.repair();
    await turns();
    await daemon.parts.endpoints.extend(endpointId, [{ family: 4, address: '10.1.0.9', poolId, isSticky: false }]);

    release();
    await daemon.stop();

    const { routes, neighbours } = daemon.kernel.inspect();
    expect(routes.some(({ destination }) => destination === '10.1.0.9/32')).to.equal(true);
    expect(neighbours.some(({ address }) => address === '10.1.0.9')).to.equal(true);
    expect(daemon.warnings.callCount, 'repairs').to.equal(0);
  });

  it('gives a route back to no endpoint that is leaving', async () => {
    await startContainer(daemon, { poolId, endpointId, address: '10.1.0.2' });
    const release = hold('routes', 'delete');
    const leaving = daemon.call('NetworkDriver.Leave', { NetworkID: dockerId('c98909'), EndpointID: endpointId });
    await turns();

    daemon.repair();
    await turns();
    release();
    await leaving;
    await daemon.stop();

    expect(daemon.kernel.inspect().routes.filter(({ protocol }) => protocol === 200)).to.deep.equal([]);
  });

  it('deletes an unfinished link of no known endpoint, and one of an endpoint that is not in a sandbox', async () => {
    await daemon.kernel.links.createVeth({ name: 'vethrdddddddddd', group: LINK_GROUP, peer: { name: 'p1' } });
    await daemon.kernel.links.createVeth({
      name: hostLink,
      alias: `routed:${endpointId}`,
      group: LINK_GROUP,
      isUp: true,
      peer: { name: 'p2' },
    });

    daemon.repair();
    await daemon.stop();
    await daemon.reaper.flush();

    expect(daemon.kernel.inspect().links.filter(({ group }) => group === LINK_GROUP)).to.deep.equal([]);
  });

  it('makes one round of many calls, and checks no firewall in it', async () => {
    const list = sinon.spy(daemon.kernel.links, 'list');
    const checks = daemon.firewall.ensure.callCount;

    for (let call = 0; call < 10; call++) daemon.repair();
    await daemon.stop();

    expect(list.callCount).to.equal(1);
    expect(daemon.firewall.ensure.callCount).to.equal(checks);
  });
});
