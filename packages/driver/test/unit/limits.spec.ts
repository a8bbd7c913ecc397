import { limitLinkNames, linkNames } from '@routed/datapath';
import { expect } from 'chai';
import { endpointId, NETWORK, OneContainer } from './support/one-container.ts';
import {
  createNetwork,
  dockerId,
  moveToSandbox,
  startContainer,
  trafficControlOf,
  wiredDaemon,
  type WiredDaemon,
} from './support/wired.ts';

/** Rates in Mbit/s that the kernel holds an endpoint to. */
async function ratesIn({ kernel }: Pick<WiredDaemon, 'kernel'>, id: string): Promise<{ in?: number; out?: number }> {
  const rateOf = async (name: string): Promise<number | undefined> => {
    const link = await kernel.links.get({ name });
    const [found] = link === undefined ? [] : await trafficControlOf(kernel).classes.list({ linkIndex: link.index });
    const bits = found?.settings?.kind === 'htb' ? (found.settings.rateBitsPerSec ?? 0) : 0;
    return bits === 0 || bits > 1e11 ? undefined : bits / 1e6;
  };
  const [inward, out] = [await rateOf(linkNames(id).host), await rateOf(limitLinkNames(id).name)];
  return { ...(inward !== undefined && { in: inward }), ...(out !== undefined && { out }) };
}

describe('limits', () => {
  const other = dockerId('abba');
  let docker: OneContainer;
  let daemon: WiredDaemon;
  const connect = async (driverOptions: object): Promise<string> => await createNetwork(daemon, { driverOptions });
  const wireAgain = async (): Promise<void> => {
    const { kernel, state } = daemon;
    await daemon.stop();
    daemon = await wiredDaemon({ kernel, state, docker: docker.docker });
  };

  beforeEach(async () => {
    docker = new OneContainer();
    daemon = await wiredDaemon({ docker: docker.docker });
  });
  afterEach(() => daemon.stop());

  it('are those of the network, or of the endpoint', async () => {
    const poolId = await connect({ 'routed.rate-in': '100mbit', 'routed.rate-out': '10mbit' });

    await startContainer(daemon, { poolId, endpointId });
    const driverOptions = { 'routed.rate-in': 'off', 'routed.rate-out': '1gbit burst 1m' };
    await startContainer(daemon, { poolId, endpointId: other, driverOptions });

    expect(await ratesIn(daemon, endpointId)).to.deep.equal({ in: 100, out: 10 });
    expect(await ratesIn(daemon, other)).to.deep.equal({ out: 1000 });
  });

  it('cost an endpoint without them nothing', async () => {
    const poolId = await connect({});

    await startContainer(daemon, { poolId, endpointId });

    const { index } = (await daemon.kernel.links.get({ name: linkNames(endpointId).host }))!;
    expect(await trafficControlOf(daemon.kernel).qdiscs.list({ linkIndex: index })).to.deep.equal([]);
    expect(await daemon.kernel.links.list({ kind: 'ifb' })).to.have.lengthOf(0);
  });

  it('hold after a restart of the daemon, which restores what is missing', async () => {
    const poolId = await connect({ 'routed.rate-in': '100mbit', 'routed.rate-out': '10mbit' });
    await startContainer(daemon, { poolId, endpointId });
    await moveToSandbox(daemon, endpointId);
    await daemon.kernel.links.delete({ name: limitLinkNames(endpointId).name });

    await wireAgain();

    expect(await ratesIn(daemon, endpointId)).to.deep.equal({ in: 100, out: 10 });
  });

  it('go with the container', async () => {
    const poolId = await connect({ 'routed.rate-out': '10mbit' });
    await startContainer(daemon, { poolId, endpointId });

    await daemon.call('NetworkDriver.Leave', { NetworkID: NETWORK, EndpointID: endpointId });
    await daemon.reaper.flush();

    expect(await daemon.kernel.links.list({ kind: 'ifb' })).to.have.lengthOf(0);
  });

  it('are changed while the container runs, told, and given to it again when it is restarted', async () => {
    const poolId = await connect({ 'routed.rate-in': '100mbit' });
    await startContainer(daemon, { poolId, endpointId });
    docker.start();

    const [shown] = await daemon.parts.containerLimits.set('web', { out: '5mbit' });

    expect(shown).to.deep.include({ container: 'web', network: 'web-net', in: '100mbit', out: '5mbit' });
    expect(shown?.counters.in).to.deep.include({ packets: 0, dropped: 0 });
    expect(await ratesIn(daemon, endpointId)).to.deep.equal({ in: 100, out: 5 });
    await daemon.parts.containerLimits.set('web', { in: 'off' });
    expect(await ratesIn(daemon, endpointId)).to.deep.equal({ out: 5 });

    await daemon.call('NetworkDriver.Leave', { NetworkID: NETWORK, EndpointID: endpointId });
    await daemon.call('NetworkDriver.DeleteEndpoint', { NetworkID: NETWORK, EndpointID: endpointId });
    docker.details = {
      ...docker.details,
      networks: [{ networkName: 'web-net', networkId: NETWORK, endpointId: other }],
    };
    await startContainer(daemon, { poolId, endpointId: other });
    await daemon.parts.sticky.settle(other);

    expect(await ratesIn(daemon, other)).to.deep.equal({ out: 5 });
  });

  it('stay when the last address that an operator gave is taken away', async () => {
    await connect({});
    await daemon.parts.containerLimits.set('web', { out: '5mbit' });
    await daemon.parts.addresses.add('web', '10.1.0.77');

    await daemon.parts.addresses.remove('web', '10.1.0.77');

    const [record] = await daemon.state.sticky.load();
    expect(record).to.deep.include({ addresses: [], rateOut: { bitsPerSec: 5_000_000 } });
  });

  it('are told of a container that does not run', async () => {
    await connect({ 'routed.rate-in': '100mbit' });

    const [shown] = await daemon.parts.containerLimits.set('web', { out: '5mbit' });

    expect(shown).to.deep.include({ in: '100mbit', out: '5mbit', counters: {} });
  });

  const refused: readonly (readonly [{ in?: string; out?: string }, string])[] = [
    [{}, 'nothing to limit: give --in, --out or both'],
    [{ in: '100' }, '--in 100: rate 100 has no unit: write 100mbit or 100kbit'],
    [
      { out: '1gbit burst 2k' },
      '--out 1gbit burst 2k: burst 2048b is too small for that rate and MTU 1500: give at least 125000b',
    ],
  ];
  for (const [texts, message] of refused) {
    it(`are not changed to ${JSON.stringify(texts)}`, async () => {
      const poolId = await connect({});
      await startContainer(daemon, { poolId, endpointId });

      const failure = await daemon.parts.containerLimits.set('web', texts).catch((error: unknown) => error);

      expect(String(failure)).to.contain(message);
      expect(await ratesIn(daemon, endpointId)).to.deep.equal({});
    });
  }

  it('are refused where the MTU makes the burst too small', async () => {
    const failure = await connect({ 'routed.rate-in': '1mbit burst 2k', 'routed.mtu': '9000' }).catch(String);

    expect(failure).to.contain('driver option routed.rate-in=1mbit burst 2k: burst 2048b is too small');
    expect(failure).to.contain('give at least 9018b');
  });

  it('are refused by a kernel that lacks what they need, and nothing is left', async () => {
    const { missing } = trafficControlOf(daemon.kernel);
    missing.add('htb');

    const failure = await connect({ 'routed.rate-in': '1mbit' }).catch(String);
    await daemon.reaper.flush();

    expect(failure).to.contain('this kernel cannot limit rates: it needs sch_htb');
    expect(await daemon.kernel.links.list({ kind: 'ifb' })).to.have.lengthOf(0);
    missing.clear();
    await connect({ 'routed.rate-in': '1mbit' });
  });
});
