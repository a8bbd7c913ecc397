import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Handlers, isPluginCallError, openPluginClient } from '@routed/plugin-protocol';
import { expect } from 'chai';
import sinon from 'sinon';
import { createDeferred } from '../../src/deferred.ts';
import { createPluginApp } from '../../src/plugin-app.ts';
import { listen, type PluginServer } from '../../src/plugin-server.ts';
import { PLUGIN_LIMITS } from '../../src/server-limits.ts';

const logger = { debug: sinon.fake(), info: sinon.fake(), warn: sinon.fake(), error: sinon.fake() };

describe('plugin server', () => {
  let directory: string;
  let path: string;
  let server: PluginServer | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-server-'));
    path = join(directory, 'routed.sock');
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    await rm(directory, { recursive: true });
  });

  const observer = { onCall: sinon.fake(), onError: sinon.fake() };

  async function serve(loaded: Handlers | Promise<Handlers>, atOnce: Handlers = {}): Promise<void> {
    const app = createPluginApp({
      atOnce,
      loaded: Promise.resolve(loaded),
      observer,
      isRefusal: () => false,
      logger,
      maxCalls: 10,
    });
    server = await listen({ path }, app, { limits: PLUGIN_LIMITS, logger });
  }

  async function post(target: string, body: string, agent?: Agent): Promise<{ status: number; body: unknown }> {
    return await new Promise((resolve, reject) => {
      const call = request({ socketPath: path, path: target, method: 'POST', ...(agent ? { agent } : {}) }, (reply) => {
        let text = '';
        reply.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        reply.on('end', () => resolve({ status: reply.statusCode!, body: JSON.parse(text) as unknown }));
      });
      call.on('error', reject).end(body);
    });
  }

  it('answers a call as Docker 20.10 sends it: empty Host, no Content-Type', async () => {
    await serve({ 'NetworkDriver.Leave': () => ({}) });
    const body = '{"NetworkID":"n","EndpointID":"e"}\n';
    const socket = connect(path);
    socket.end(
      `POST /NetworkDriver.Leave HTTP/1.1\r\nHost: \r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: ${body.length}\r\n` +
        `Accept: application/vnd.docker.plugins.v1.2+json\r\n\r\n${body}`,
    );
    let text = '';
    for await (const chunk of socket) text += String(chunk);

    expect(text).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).to.contain('Content-Type: application/vnd.docker.plugins.v1.2+json');
    expect(text.endsWith('{}')).to.equal(true);
  });

  it('lets only root use the socket', async () => {
    await serve({});

    expect((await stat(path)).mode & 0o777).to.equal(0o600);
  });

  const wrong: [string, string, number, RegExp][] = [
    ['malformed JSON', '{"NetworkID":', 400, /JSON/],
    ['an empty body, as Docker sends when it repeats a call', '', 400, /empty request body.*retry/],
    ['a wrong type', '{"NetworkID":"n","EndpointID":7}', 400, /"EndpointID" must be a string/],
    ['a body of 1 MB', `{"NetworkID":"${'x'.repeat(1_000_000)}"}`, 413, /larger than 524288 bytes/],
  ];
  for (const [what, body, status, message] of wrong) {
    it(`refuses ${what} with ${status} and the reason in both error fields`, async () => {
      await serve({ 'NetworkDriver.Leave': () => ({}) });

      const reply = await post('/NetworkDriver.Leave', body);

      expect(reply.status).to.equal(status);
      const { Err, Error: error } = reply.body as { Err: string; Error: string };
      expect(Err).to.match(message);
      expect(error).to.equal(Err);
    });
  }

  it('answers an unknown method with 404', async () => {
    await serve({});

    const reply = await post('/NetworkDriver.Teleport', '{}');

    expect(reply.status).to.equal(404);
    expect(reply.body).to.deep.include({ Err: 'unknown method POST /NetworkDriver.Teleport' });
  });

  it("hands a handler's error to Docker's user", async () => {
    await serve({
      'NetworkDriver.Join': () => {
        throw new Error('no such luck');
      },
    });
    const client = openPluginClient({ socketPath: path });

    const error: unknown = await client
      .call('NetworkDriver.Join', { NetworkID: 'n', EndpointID: 'e', SandboxKey: '/s', Options: {} })
      .catch((thrown: unknown) => thrown);

    expect(isPluginCallError(error)).to.equal(true);
    expect((error as Error).message).to.contain('no such luck');
    client.close();
  });

  it('answers what Docker asks at first contact while the state is still being loaded, and the rest afterwards', async () => {
    const loading = createDeferred<Handlers>();
    await serve(loading.promise, { 'Plugin.Activate': () => ({ Implements: ['NetworkDriver'] }) });
    let hasLeft = false;
    const leaving = post('/NetworkDriver.Leave', '{"NetworkID":"n","EndpointID":"e"}').then(() => (hasLeft = true));

    expect((await post('/Plugin.Activate', '')).status).to.equal(200);
    expect(hasLeft).to.equal(false);
    loading.resolve({ 'NetworkDriver.Leave': () => ({}) });

    expect(await leaving).to.equal(true);
  });

  it('tells those who wait why the state cannot be loaded', async () => {
    const loading = createDeferred<Handlers>();
    await serve(loading.promise);
    const leaving = post('/NetworkDriver.Leave', '{"NetworkID":"n","EndpointID":"e"}');
    loading.reject(new Error('state directory /s cannot be read'));

    expect(await leaving).to.deep.include({ status: 500 });
    expect((await leaving).body).to.deep.include({ Err: 'state directory /s cannot be read' });
  });

  it('answers a call of the other driver with 404', async () => {
    await serve({ 'NetworkDriver.Leave': () => ({}) });

    expect((await post('/IpamDriver.ReleasePool', '{"PoolID":"p"}')).status).to.equal(404);
  });

  it('closes without cutting off a call under way, and removes the socket first', async () => {
    let release = (): void => undefined;
    let enter = (): void => undefined;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    await serve({
      'NetworkDriver.Leave': async () => {
        enter();
        await new Promise<void>((resolve) => (release = resolve));
        return {};
      },
    });
    const agent = new Agent({ keepAlive: true });
    const call = post('/NetworkDriver.Leave', '{"NetworkID":"n","EndpointID":"e"}', agent);
    await entered;

    const closed = server!.close();
    while ((await readdir(directory)).length > 0) await nextTurn();
    release();

    expect((await call).status).to.equal(200);
    await closed;
    agent.destroy();
  });

  it('keeps an idle connection open, and closes it when it stops', async () => {
    await serve({ 'NetworkDriver.Leave': () => ({}) });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await post('/NetworkDriver.Leave', '{"NetworkID":"n","EndpointID":"e"}', agent);
    await post('/NetworkDriver.Leave', '{"NetworkID":"n","EndpointID":"e"}', agent);
    expect(Object.values(agent.freeSockets).flat()).to.have.lengthOf(1);

    await server!.close();

    agent.destroy();
  });

  it('answers the next call on a connection when it closes, and ends the connection with that answer', async () => {
    await serve({ 'NetworkDriver.Leave': () => ({}) });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await post('/NetworkDriver.Leave', '{"NetworkID":"n","EndpointID":"e"}', agent);

    const closed = server!.close();
    const { status } = await post('/NetworkDriver.Leave', '{"NetworkID":"n","EndpointID":"e"}', agent);

    expect(status).to.equal(200);
    await closed;
    const left = (): unknown[] => Object.values(agent.freeSockets).flat();
    // The client hears of the end a moment later.
    for (let tries = 0; tries < 200 && left().length > 0; tries++) await sleep(10);
    expect(left()).to.have.length(0);
    agent.destroy();
  });

  it('does not wait for a connection that was opened in advance and never carried a call', async () => {
    await serve({ 'NetworkDriver.Leave': () => ({}) });
    const silent = connect(path);
    await once(silent, 'connect');
    const started = performance.now();

    await server!.close();

    expect(performance.now() - started).to.be.lessThan(2_000);
    silent.destroy();
  });
});
