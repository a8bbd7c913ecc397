import { expect } from 'chai';
import { openPluginClient, PLUGIN_CONTENT_TYPE, PluginCallError, type PluginClient } from '../../../src/index.ts';
import { type Answer, type PluginServer, startPluginServer } from '../../support/plugin-server.ts';

const leave = { NetworkID: 'n', EndpointID: 'é' };

async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('the call succeeded'),
    (error: unknown) => error,
  );
}

describe('openPluginClient', () => {
  let server: PluginServer;
  let client: PluginClient;

  async function start(answer: Answer): Promise<void> {
    server = await startPluginServer(answer);
    client = openPluginClient({ socketPath: server.socketPath });
  }

  afterEach(async () => {
    client.close();
    await server.close();
  });

  describe('a call', () => {
    it('has the bytes of Docker 20.10', async () => {
      await start({ status: 200, body: '{}' });

      await client.call('NetworkDriver.Leave', leave);

      expect(server.seen).to.deep.equal([
        {
          line: 'POST /NetworkDriver.Leave',
          headers: [
            ...['Host', '', 'User-Agent', 'Go-http-client/1.1', 'Content-Length', '36'],
            ...['Accept', PLUGIN_CONTENT_TYPE],
          ],
          body: '{"NetworkID":"n","EndpointID":"é"}\n',
        },
      ]);
    });

    it('has an empty body where there are no arguments', async () => {
      await start({ status: 200, body: '{"Implements":["NetworkDriver"]}' });

      const reply = await client.call('Plugin.Activate');

      expect(reply).to.deep.equal({ Implements: ['NetworkDriver'] });
      expect(server.seen[0]).to.deep.include({ line: 'POST /Plugin.Activate', body: '' });
      expect(server.seen[0]!.headers).to.include.members(['Content-Length', '0']);
    });

    it('sends the Host header of newer versions on demand', async () => {
      server = await startPluginServer({ status: 200, body: '{}' });
      client = openPluginClient({ socketPath: server.socketPath, hostHeader: 'plugin.moby.localhost' });

      await client.call('NetworkDriver.Leave', leave);

      expect(server.seen[0]!.headers.slice(0, 2)).to.deep.equal(['Host', 'plugin.moby.localhost']);
    });

    it('sends nulls as they are', async () => {
      await start({ status: 200, body: '{"Address":"10.1.0.5/32"}' });

      await client.call('IpamDriver.RequestAddress', { PoolID: 'p', Address: '', Options: null });

      expect(server.seen[0]!.body).to.equal('{"PoolID":"p","Address":"","Options":null}\n');
    });

    it('returns the reply', async () => {
      const reply = { InterfaceName: { SrcName: 'v', DstPrefix: 'eth' }, DisableGatewayService: true };
      await start({ status: 200, body: JSON.stringify(reply) });

      expect(await client.call('NetworkDriver.Join', { ...leave, SandboxKey: '/s' })).to.deep.equal(reply);
    });

    it('fails as readReply does', async () => {
      await start({ status: 500, body: '{"Err":"address in use","Error":"address in use"}' });

      const error = await failure(client.call('IpamDriver.ReleasePool', { PoolID: 'p' }));

      expect(error).to.be.instanceOf(PluginCallError).that.includes({
        status: 500,
        method: 'IpamDriver.ReleasePool',
        message: 'IpamDriver.ReleasePool: address in use',
      });
    });

    it('fails with EOF on a 200 without body', async () => {
      await start({ status: 200, body: '' });

      expect(await failure(client.call('NetworkDriver.Leave', leave))).to.include({ status: 200, message: 'EOF' });
    });
  });

  describe('connections', () => {
    it('are kept for the next call', async () => {
      await start({ status: 200, body: '{}' });

      for (let call = 0; call < 3; call += 1) await client.call('NetworkDriver.Leave', leave);

      expect(server.connections()).to.equal(1);
    });

    it('are as many as calls overlap', async () => {
      await start({ status: 200, body: '{}' });

      await Promise.all(Array.from({ length: 3 }, () => client.call('NetworkDriver.Leave', leave)));

      expect(server.connections()).to.equal(3);
    });

    it('that break fail the call with NO_REPLY', async () => {
      await start(undefined);
      const pending = failure(client.call('NetworkDriver.Leave', leave));
      await server.arrived(1);

      server.dropConnections();

      expect(await pending)
        .to.be.instanceOf(PluginCallError)
        .that.includes({ code: 'NO_REPLY', status: 0 });
    });

    it('that nobody accepts fail the call with NO_REPLY', async () => {
      await start(undefined);
      await server.close();
      server = await startPluginServer(undefined);

      const error = await failure(client.call('NetworkDriver.Leave', leave));

      expect(error).to.include({ code: 'NO_REPLY', status: 0 });
      expect((error as Error).message).to.match(/^NetworkDriver\.Leave: no reply: connect ENOENT /);
    });
  });

  describe('an abort signal', () => {
    it('ends a call under way with its reason', async () => {
      await start(undefined);
      const abort = new AbortController();
      const reason = new Error('deadline');
      const pending = failure(client.call('NetworkDriver.Leave', leave, { signal: abort.signal }));
      await server.arrived(1);

      abort.abort(reason);

      expect(await pending).to.equal(reason);
    });

    it('that is aborted already keeps the call from being sent', async () => {
      await start({ status: 200, body: '{}' });
      const reason = new Error('too late');

      const error = await failure(client.call('Plugin.Activate', undefined, { signal: AbortSignal.abort(reason) }));

      expect(error).to.equal(reason);
      expect(server.connections()).to.equal(0);
    });

    it('leaves the client usable', async () => {
      await start({ status: 200, body: '{}' });
      const abort = new AbortController();
      await client.call('NetworkDriver.Leave', leave, { signal: abort.signal });

      abort.abort();

      expect(await client.call('NetworkDriver.Leave', leave)).to.deep.equal({});
    });
  });

  describe('close', () => {
    it('fails calls under way', async () => {
      await start(undefined);
      const pending = failure(client.call('NetworkDriver.Leave', leave));
      await server.arrived(1);

      client.close();

      expect(await pending).to.include({ code: 'NO_REPLY' });
    });

    it('fails later calls without connecting, also when repeated', async () => {
      await start({ status: 200, body: '{}' });

      client.close();
      client.close();

      expect(await failure(client.call('NetworkDriver.Leave', leave))).to.include({
        code: 'NO_REPLY',
        message: 'NetworkDriver.Leave: no reply: the client is closed',
      });
      expect(server.connections()).to.equal(0);
    });
  });
});
