import { existsSync } from 'node:fs';
import { openPluginClient, type PluginClient } from '@routed/plugin-protocol';
import { expect } from 'chai';
import { askAdmin } from '../support/admin.ts';
import { createNetwork, runIdle } from '../support/containers.ts';
import { ENGINES_IN_FULL } from '../support/engines.ts';
import { kernelState } from '../support/kernel.ts';
import { setStage } from '../support/stage.ts';
import { IS_FULL, report } from './support/count.ts';
import { CANARY, INPUTS } from './support/inputs.ts';

const TEXTS = INPUTS.filter((_text, index) => IS_FULL || index % 3 === 0);

/** A text as a part of a path, shortened to what a request line may be. */
function inPath(text: string): string {
  // A lone half of a character cannot be encoded.
  return encodeURIComponent(Buffer.from(text.slice(0, 1_000) || 'x').toString());
}

/** A place of a request where a text goes; undefined when it was refused, else what it did. */
type Place = readonly [name: string, send: (text: string) => Promise<string>];

if (ENGINES_IN_FULL.length > 0) {
  describe('attack: texts that mean something to a shell, to nft or to a terminal', () => {
    const stage = setStage();
    let client: PluginClient;

    before(async () => {
      await createNetwork(stage.host, 'n', '10.1.0.0/16');
      await runIdle(stage.host, 'web', '--network', 'n', '--ip', '10.1.0.2');
      client = openPluginClient({ socketPath: stage.host.outsidePath(`${stage.host.pluginDir}/routed.sock`) });
    });
    after(() => client.close());

    const canary = (): boolean => existsSync(stage.host.outsidePath(CANARY));
    const network = { NetworkID: 'ab'.repeat(32) };
    const ids = { ...network, EndpointID: 'cd'.repeat(32) };
    const pool = { AddressSpace: 'routed-local', Pool: '10.44.0.0/16', SubPool: '', Options: {}, V6: false };

    /** What the plugin refuses with; `taken` when it did it, which the caller undoes. */
    const call = async (method: string, request: object): Promise<string> => {
      try {
        await client.call(method as 'NetworkDriver.CreateNetwork', request as never);
      } catch (error) {
        return (error as Error).message;
      }
      return 'taken';
    };
    const createWith = (options: Record<string, string>) =>
      call('NetworkDriver.CreateNetwork', {
        ...network,
        Options: { 'com.docker.network.enable_ipv6': false, 'com.docker.network.generic': options },
        IPv4Data: [{ AddressSpace: 'routed-local', Pool: '10.44.0.0/16', Gateway: '10.44.0.1/16', AuxAddresses: {} }],
        IPv6Data: [],
      });
    const admin = async (path: string, method: 'GET' | 'POST' | 'DELETE', body?: object): Promise<string> => {
      const { status, body: reply } = await askAdmin(stage.host, method, path, body);
      return status < 400 ? 'taken' : JSON.stringify(reply);
    };

    const places: readonly Place[] = [
      ['routed.ingress', (text) => createWith({ 'routed.ingress': text })],
      ['routed.prefixes', (text) => createWith({ 'routed.prefixes': text })],
      ['routed.mtu', (text) => createWith({ 'routed.mtu': text })],
      ['routed.gateway', (text) => createWith({ 'routed.gateway': text })],
      ['routed.spoof', (text) => createWith({ 'routed.spoof': text })],
      ['the name of an option', (text) => createWith({ [`routed.${text}`]: 'x' })],
      ['the pool of RequestPool', (text) => call('IpamDriver.RequestPool', { ...pool, Pool: text })],
      [
        'the address of RequestAddress',
        (text) =>
          call('IpamDriver.RequestAddress', { PoolID: 'routed-local/10.1.0.0/16', Address: text || 'x', Options: {} }),
      ],
      [
        'the address of CreateEndpoint',
        (text) => call('NetworkDriver.CreateEndpoint', { ...ids, Interface: { Address: text || 'x' }, Options: {} }),
      ],
      [
        'the id of an endpoint',
        (text) => call('NetworkDriver.Join', { ...ids, EndpointID: text || 'x', SandboxKey: '/x', Options: {} }),
      ],
      [
        'the path of a sandbox',
        (text) => call('NetworkDriver.Join', { ...ids, SandboxKey: `/var/run/docker/netns/${text}`, Options: {} }),
      ],
      ['an address for a container', (text) => admin('/v1/containers/web/addresses', 'POST', { address: text || 'x' })],
      [
        'the network of an address',
        (text) => admin('/v1/containers/web/addresses', 'POST', { address: '10.1.0.9', network: text || 'x' }),
      ],
      ['the name of a container', (text) => admin(`/v1/containers/${inPath(text)}/ingress`, 'GET')],
      ['an address that is asked about', (text) => admin(`/v1/addresses/${inPath(text)}`, 'GET')],
    ];

    it('control: a shell would run them', async () => {
      await stage.host.exec(['sh', '-c', `echo ${INPUTS[0] ?? ''}`]);
      expect(canary()).to.equal(true);
      await stage.host.exec(['rm', CANARY]);
    });

    for (const [place, send] of places) {
      it(`do nothing there: ${place}`, async () => {
        const before = await kernelState(stage.host);
        const answers: { readonly text: string; readonly answer: string }[] = [];

        for (const text of TEXTS) {
          const answer = await send(text);
          answers.push({ text, answer });
          if (answer === 'taken') await undo();
        }

        expect(canary()).to.equal(false);
        expect(await kernelState(stage.host)).to.deep.equal(before);
        expect((await stage.host.exec(['nft', 'list', 'tables'])).stdout).to.not.contain('attack');
        expect(answers.filter(({ answer }) => /internal|TypeError|\.js:\d+/.test(answer))).to.deep.equal([]);
        const taken = answers.filter(({ answer }) => answer === 'taken').map(({ text }) => text);
        report(`inputs for ${place}: ${TEXTS.length}, ${taken.length} valid, 0 with an effect beside`);
        // What is no list, number or address anywhere is nowhere taken for one.
        expect(
          taken.filter((text) => text.includes('touch') || text.includes('{') || text.includes('\u001b')),
        ).to.deep.equal([]);
      });
    }

    async function undo(): Promise<void> {
      await call('NetworkDriver.DeleteNetwork', network);
      await askAdmin(stage.host, 'DELETE', '/v1/containers/web/addresses/10.1.0.9');
    }
  });
}
