import { expect } from 'chai';
import { NETWORK, OneContainer } from './support/one-container.ts';
import { createNetwork, type WiredDaemon, wiredDaemon } from './support/wired.ts';

describe('a container that does not run', () => {
  let daemon: WiredDaemon;
  let world: OneContainer;
  const at = (options: Readonly<Record<string, string>>): void => {
    const network = { networkName: 'web-net', networkId: NETWORK, endpointId: '' };
    world.details = { ...world.details, networks: [{ ...network, options }] };
  };

  beforeEach(async () => {
    world = new OneContainer();
    daemon = await wiredDaemon({ docker: world.docker });
    await createNetwork(daemon, { driverOptions: { 'routed.ingress': '10.0.0.0/8', 'routed.rate-in': '10mbit' } });
  });
  afterEach(() => daemon.stop());

  const shown = async (): Promise<unknown[]> => {
    const { filters, containerLimits } = daemon.parts;
    const [ingress] = await filters.show('web', 'ingress');
    const [egress] = await filters.show('web', 'egress');
    const [limits] = await containerLimits.show('web');
    return [ingress?.ingress, ingress?.mode, egress?.egress, limits?.in];
  };

  it('is shown with what it was created with', async () => {
    at({
      'routed.ingress': 'none',
      'routed.ingress-mode': 'observe',
      'routed.egress': '10.9.0.0/16',
      'routed.rate-in': '1mbit',
    });

    expect(await shown()).to.deep.equal(['none', 'observe', '10.9.0.0/16', '1mbit']);
  });

  it('is shown with what holds on its network, where it was created with nothing, or with what cannot be', async () => {
    at({});
    expect(await shown()).to.deep.equal(['10.0.0.0/8', 'enforce', 'any', '10mbit']);

    at({ 'routed.ingress': 'nonsense' });
    expect(await shown()).to.deep.equal(['10.0.0.0/8', 'enforce', 'any', '10mbit']);
  });

  it('is shown with what an operator set later', async () => {
    at({ 'routed.ingress': 'none' });

    await daemon.parts.filters.set('web', 'ingress', { text: '10.1.2.3' });

    expect((await shown())[0]).to.equal('10.1.2.3');
  });
});
