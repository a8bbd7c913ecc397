import { expect } from 'chai';
import { openPluginClient } from '@routed/plugin-protocol';
import { ENGINES_IN_FULL } from './support/engines.ts';
import { kernelState } from './support/kernel.ts';
import { send, sendBytes } from './support/raw-request.ts';
import { setStage } from './support/stage.ts';

interface BadRequest {
  readonly what: string;
  readonly call: string;
  readonly body: string;
  readonly status: number;
  readonly says: RegExp;
}

const ids = { NetworkID: 'ab'.repeat(32), EndpointID: 'cd'.repeat(32) };
const join = JSON.stringify({ ...ids, SandboxKey: '/run/docker/netns/1', Options: {} });
const endpoint = JSON.stringify({ ...ids, Interface: { Address: '10.1.0.2/32' }, Options: {} });
const address = JSON.stringify({ PoolID: 'routed-local/10.1.0.0/16', Address: '10.1.0.2', Options: null });

const requests: readonly BadRequest[] = [
  { what: 'text', call: 'NetworkDriver.Join', body: 'hello', status: 400, says: /JSON/ },
  { what: 'half an object', call: 'NetworkDriver.Join', body: join.slice(0, -9), status: 400, says: /JSON/ },
  { what: 'a list', call: 'NetworkDriver.Join', body: '[]', status: 400, says: /object/ },
  { what: 'no body', call: 'NetworkDriver.Join', body: '', status: 400, says: /empty/ },
  { what: 'no body', call: 'NetworkDriver.CreateNetwork', body: '', status: 400, says: /empty/ },
  { what: 'no body', call: 'IpamDriver.RequestPool', body: '', status: 400, says: /empty/ },
  {
    what: 'a number for a text',
    call: 'NetworkDriver.Join',
    body: join.replace('"/run/docker/netns/1"', '7'),
    status: 400,
    says: /field "SandboxKey" must be a string, got a number/,
  },
  {
    what: 'a text for an object',
    call: 'NetworkDriver.CreateEndpoint',
    body: JSON.stringify({ ...ids, Interface: 'eth0' }),
    status: 400,
    says: /field "Interface" must be an object, got a string/,
  },
  {
    what: 'no id',
    call: 'NetworkDriver.CreateEndpoint',
    body: endpoint.replace('NetworkID', 'Network'),
    status: 400,
    says: /field "NetworkID"/,
  },
  {
    what: 'an address that is none',
    call: 'NetworkDriver.CreateEndpoint',
    body: endpoint.replace('10.1.0.2/32', '10.1.0.2.3/32'),
    status: 400,
    says: /field "Interface.Address"/,
  },
  {
    what: 'a prefix that is none',
    call: 'IpamDriver.RequestPool',
    body: JSON.stringify({ AddressSpace: 'routed-local', Pool: '10.1.0.0/33' }),
    status: 400,
    says: /Pool/,
  },
  {
    what: 'a megabyte',
    call: 'NetworkDriver.Join',
    body: JSON.stringify({ ...ids, Options: { long: 'x'.repeat(1024 * 1024) } }),
    status: 413,
    says: /larger than 524288 bytes/,
  },
  {
    what: 'a method of nobody',
    call: 'NetworkDriver.Dance',
    body: '{}',
    status: 404,
    says: /unknown method POST \/NetworkDriver\.Dance/,
  },
  {
    what: 'a network of nobody',
    call: 'NetworkDriver.CreateEndpoint',
    body: endpoint,
    status: 500,
    says: /network abababababab is not known/,
  },
  {
    what: 'an endpoint of nobody',
    call: 'NetworkDriver.Join',
    body: join,
    status: 500,
    says: /endpoint cdcdcdcdcdcd is not known/,
  },
  {
    what: 'a pool of nobody',
    call: 'IpamDriver.RequestAddress',
    body: address.replace('routed-local/10.1.0.0/16', 'nonsense'),
    status: 500,
    says: /nonsense/,
  },
  {
    what: 'no prefix',
    call: 'IpamDriver.RequestPool',
    body: JSON.stringify({ AddressSpace: 'routed-local', Pool: '', V6: false }),
    status: 500,
    says: /--subnet 10\.1\.0\.0\/16/,
  },
];

/** Docker forgets the thing whatever the answer is: to have nothing to do is no error. */
const removals: readonly (readonly [call: string, body: object])[] = [
  ['NetworkDriver.Leave', ids],
  ['NetworkDriver.DeleteEndpoint', ids],
  ['NetworkDriver.DeleteNetwork', ids],
  ['NetworkDriver.RevokeExternalConnectivity', ids],
  ['IpamDriver.ReleaseAddress', { PoolID: 'routed-local/10.9.0.0/16', Address: '10.9.0.1' }],
  ['IpamDriver.ReleasePool', { PoolID: 'routed-local/10.9.0.0/16' }],
];

if (ENGINES_IN_FULL.length > 0) {
  describe('a request that no Docker sends', () => {
    const stage = setStage({ host: { engine: 'none' } });
    const socketPath = (): string => stage.host.outsidePath('/run/docker/plugins/routed.sock');

    for (const { what, call, body, status, says } of requests) {
      it(`is refused with ${status} and the reason, and changes nothing: ${what} to ${call}`, async () => {
        const before = await kernelState(stage.host);

        const reply = await send(socketPath(), `/${call}`, body);

        expect(reply.status, reply.body).to.equal(status);
        const { Err, Error } = JSON.parse(reply.body) as { readonly Err: string; readonly Error: string };
        expect(Err).to.match(says);
        expect(Error).to.equal(Err);
        expect(await kernelState(stage.host)).to.deep.equal(before);
      });
    }

    it('is refused with 404 when it is no POST', async () => {
      expect((await send(socketPath(), '/NetworkDriver.Join', '', 'GET')).status).to.equal(404);
    });

    it('is refused with 400 when it is not HTTP', async () => {
      expect(await sendBytes(socketPath(), '\u0016\u0003\u0001 hello\r\n\r\n')).to.match(/^HTTP\/1\.1 400 /);
    });

    for (const [call, body] of removals) {
      it(`is answered, time and again, when it takes away what is not there: ${call}`, async () => {
        const before = await kernelState(stage.host);

        for (const turn of [1, 2]) {
          const reply = await send(socketPath(), `/${call}`, JSON.stringify(body));
          expect(reply, `turn ${turn}`).to.deep.equal({ status: 200, body: '{}' });
        }

        expect(await kernelState(stage.host)).to.deep.equal(before);
      });
    }

    it('does no harm to the next one', async () => {
      const client = openPluginClient({ socketPath: socketPath() });

      const reply = await client.call('IpamDriver.RequestPool', {
        AddressSpace: 'routed-local',
        Pool: '10.1.0.0/16',
        SubPool: '',
        Options: null,
        V6: false,
      });
      await client.call('IpamDriver.ReleasePool', { PoolID: reply.PoolID });
      client.close();

      expect(reply.Pool).to.equal('10.1.0.0/16');
    });
  });
}
