import { expect } from 'chai';
import type { EngineRelease } from '@routed/lab';
import { createNetwork, runIdle } from './support/containers.ts';
import { ENGINES } from './support/engines.ts';
import { callsIn } from './support/plugin-log.ts';
import { setStage } from './support/stage.ts';

/** What Docker asks a plugin at first contact, in the order of its `Implements`. */
const activation = [
  'Plugin.Activate',
  'NetworkDriver.GetCapabilities',
  'IpamDriver.GetCapabilities',
  // Up to Docker 26 at once; later, each time before a pool is requested.
  'IpamDriver.GetDefaultAddressSpaces',
];

/** The calls of `docker network create`; the gateway is not requested, as the pool comes with one. */
const creation: Readonly<Record<EngineRelease, readonly string[]>> = {
  '20.10': [...activation, 'IpamDriver.RequestPool', 'NetworkDriver.CreateNetwork'],
  '26': [...activation, 'IpamDriver.RequestPool', 'NetworkDriver.CreateNetwork'],
  '28': [
    'Plugin.Activate',
    'NetworkDriver.GetCapabilities',
    'IpamDriver.GetCapabilities',
    'NetworkDriver.GwAllocCheck',
    'IpamDriver.GetDefaultAddressSpaces',
    'IpamDriver.RequestPool',
    'NetworkDriver.CreateNetwork',
  ],
};

const beginning = [
  'IpamDriver.RequestAddress',
  'NetworkDriver.CreateEndpoint',
  'NetworkDriver.Join',
  'NetworkDriver.ProgramExternalConnectivity',
  // Twice or more.
  'NetworkDriver.EndpointOperInfo',
];

const end = [
  'NetworkDriver.RevokeExternalConnectivity',
  'NetworkDriver.Leave',
  'NetworkDriver.DeleteEndpoint',
  'IpamDriver.ReleaseAddress',
];

/** First the gateway that came with the pool. */
const removal = ['IpamDriver.ReleaseAddress', 'IpamDriver.ReleasePool', 'NetworkDriver.DeleteNetwork'];

for (const engine of ENGINES) {
  describe(`what Docker asks of the plugin (Docker ${engine})`, () => {
    const stage = setStage({ host: { engine }, plugin: { flags: ['--debug', '--log-format', 'json'] } });

    /** The calls that a command leads to, those repeated in a row told once. */
    async function callsOf(command: () => Promise<unknown>): Promise<string[]> {
      const earlier = callsIn(await stage.plugin.log()).length;
      await command();
      const calls = callsIn(await stage.plugin.log()).slice(earlier);
      return calls.filter((method, index) => method !== calls[index - 1]);
    }

    it('is documented for "docker network create"', async () => {
      const calls = await callsOf(() => createNetwork(stage.host, 'n', '10.1.0.0/16'));

      expect(calls).to.deep.equal(creation[engine]);
    });

    it('is documented for "docker run"', async () => {
      expect(await callsOf(() => runIdle(stage.host, 'web', '--network', 'n'))).to.deep.equal(beginning);
    });

    it('is documented for "docker stop"', async () => {
      expect(await callsOf(() => stage.host.docker('stop', 'web'))).to.deep.equal(end);
    });

    it('is documented for "docker start"', async () => {
      expect(await callsOf(() => stage.host.docker('start', 'web'))).to.deep.equal(beginning);
    });

    it('is documented for "docker rm -f"', async () => {
      expect(await callsOf(() => stage.host.docker('rm', '--force', 'web'))).to.deep.equal(end);
    });

    it('is nothing when the network is in use, and documented for "docker network rm"', async () => {
      await runIdle(stage.host, 'web', '--network', 'n');
      expect(await callsOf(() => stage.host.tryDocker('network', 'rm', 'n'))).to.deep.equal([]);
      await stage.host.docker('rm', '--force', 'web');

      expect(await callsOf(() => stage.host.docker('network', 'rm', 'n'))).to.deep.equal(removal);
    });
  });
}
