import {
  ADMIN_LIMITS,
  createDeferred,
  createPluginApp,
  listen,
  type ListenSettings,
  METRICS_LIMITS,
  PLUGIN_LIMITS,
  type PluginServer,
  type ServerLimits,
} from '@routed/plugin-server';
import type { Handlers } from '@routed/plugin-protocol';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createMetricsApp } from '../../src/admin/admin-app.ts';

const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const observer = { onCall: () => undefined, onError: () => undefined };
const BODY = '{"NetworkID":"n","EndpointID":"e"}';
const LEAVE = `POST /NetworkDriver.Leave HTTP/1.1\r\nHost: x\r\nContent-Length: ${BODY.length}\r\n`;

describe('limits of a server', () => {
  let directory: string;
  let path: string;
  let server: PluginServer | undefined;
  const clients: Socket[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-limits-'));
    path = join(directory, 'routed.sock');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await server?.close();
    server = undefined;
    await rm(directory, { recursive: true });
  });

  async function serve(
    {
      limits: changed = {},
      ...settings
    }: Omit<Partial<ListenSettings>, 'limits'> & { readonly limits?: Partial<ServerLimits> },
    leave: () => Promise<object> | object = () => ({}),
  ): Promise<void> {
    const limits = { ...PLUGIN_LIMITS, ...changed };
    const handlers = { 'NetworkDriver.Leave': leave } as Handlers;
    const deps = {
      atOnce: {},
      loaded: Promise.resolve(handlers),
      observer,
      isRefusal: () => false,
      logger,
      maxCalls: limits.calls,
    };
    server = await listen({ path }, createPluginApp(deps), { logger, ...settings, limits });
  }

  function open(): Socket {
    const client = connect(path);
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  }

  /** What comes back until the server has nothing more to say. */
  async function say(text: string, client = open()): Promise<string> {
    client.write(text);
    const [answer] = (await once(client, 'data')) as [Buffer];
    return answer.toString();
  }

  it('refuses headers that are longer than Docker ever sends', async () => {
    await serve({});
    const long = `X-Long: ${'x'.repeat(PLUGIN_LIMITS.headerBytes)}\r\n`;

    expect(await say(`${LEAVE}${long}\r\n${BODY}`)).to.match(/^HTTP\/1\.1 431 /);
    expect(await say(`${LEAVE}\r\n${BODY}`)).to.match(/^HTTP\/1\.1 200 /);
  });

  it('closes the connection beyond the last one, and takes one again when one has gone', async () => {
    await serve({ limits: { connections: 2 } });
    const first = open();
    const second = open();
    await Promise.all([once(first, 'connect'), once(second, 'connect')]);

    await once(open().resume(), 'close');
    expect(await say(`${LEAVE}\r\n${BODY}`, first)).to.match(/^HTTP\/1\.1 200 /);
    second.destroy();

    let answer = '';
    while (!answer.includes('200')) answer = await say(`${LEAVE}\r\n${BODY}`).catch(() => '');
    expect(answer).to.match(/^HTTP\/1\.1 200 /);
  });

  it('closes the connection that has been idle for longest instead, where it is told so', async () => {
    await serve({ limits: { connections: 3, evictsIdle: true } });
    const half = open();
    half.write(LEAVE);
    await once(half, 'connect');
    const [old, used] = [open(), open()];
    await say(`${LEAVE}\r\n${BODY}`, old);
    await say(`${LEAVE}\r\n${BODY}`, used);
    await say(`${LEAVE}\r\n${BODY}`, old);
    const ended: string[] = [];
    for (const [name, client] of Object.entries({ half, old, used })) client.on('close', () => ended.push(name));

    for (const expected of [['half'], ['half', 'used'], ['half', 'used', 'old']]) {
      expect(await say(`${LEAVE}\r\n${BODY}`)).to.match(/^HTTP\/1\.1 200 /);
      while (ended.length < expected.length) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(ended).to.deep.equal(expected);
    }
  });

  it('closes the newest connection where every other one has a call', async () => {
    const waiting = createDeferred<object>();
    await serve({ limits: { connections: 2, evictsIdle: true } }, () => waiting.promise);
    const busy = [open(), open()];
    const answers = busy.map((client) => say(`${LEAVE}\r\n${BODY}`, client));
    await new Promise((resolve) => setTimeout(resolve, 50));

    await once(open().resume(), 'close');
    waiting.resolve({});

    for (const answer of await Promise.all(answers)) expect(answer).to.match(/^HTTP\/1\.1 200 /);
  });

  it('lets a thousand connect while it is busy with something else', async () => {
    await serve({});

    // All connect before the event loop, which is the server's too, accepts the first.
    const clients = Array.from({ length: 1000 }, open);
    const outcomes = await Promise.allSettled(clients.map((client) => once(client, 'connect')));

    expect(outcomes.filter(({ status }) => status === 'rejected')).to.deep.equal([]);
  });

  it('refuses the call beyond the last one with 503, in both error fields, and takes one when one has ended', async () => {
    const waiting = createDeferred<object>();
    await serve({ limits: { calls: 2 } }, () => waiting.promise);
    const busy = [say(`${LEAVE}\r\n${BODY}`), say(`${LEAVE}\r\n${BODY}`)];
    const late = say(`${LEAVE}\r\n${BODY}`);

    const refused = await Promise.race([late, ...busy]);
    waiting.resolve({});
    const rest = await Promise.all([...busy, late]);

    const text = '2 calls are in progress, the limit: try again later';
    expect(refused).to.match(/^HTTP\/1\.1 503 /);
    expect(refused).to.contain(`"Err":"${text}"`).and.to.contain(`"Error":"${text}"`);
    expect(rest.filter((answer) => answer.includes(' 200 '))).to.have.lengthOf(2);
    expect(await say(`${LEAVE}\r\n${BODY}`)).to.match(/^HTTP\/1\.1 200 /);
  });

  it('does not wait for a request that does not arrive', async () => {
    await serve({ limits: { requestTimeoutMs: 100 } });

    expect(await say(`${LEAVE}X-Half: `)).to.match(/^HTTP\/1\.1 408 /);
  });

  it('gives the socket to a group when it is told one', async () => {
    await serve({ socketGroup: process.getegid!() });

    const { mode, gid } = await stat(path);
    expect(mode & 0o777).to.equal(0o660);
    expect(gid).to.equal(process.getegid!());
  });

  describe('of the metrics port', () => {
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const long = `routed_networks ${'1'.repeat(20_000_000)}`;

    async function serveMetrics(
      limits: Partial<ServerLimits> = {},
      text: Promise<string> = Promise.resolve(long),
    ): Promise<void> {
      const metrics = { render: async () => ({ contentType: 'text/plain', text: await text }) };
      const app = createMetricsApp({
        ...{
          loaded: Promise.resolve({}) as never,
          metrics,
          logger,
          problems: () => [],
          maxCalls: METRICS_LIMITS.calls,
        },
      });
      server = await listen({ path }, app, { logger, limits: { ...METRICS_LIMITS, ...limits } });
    }

    /** Asks again and again, until the answer has this status or the test's time is over. */
    async function untilAnswered(status: string): Promise<void> {
      for (;;) {
        const client = open();
        const answer = await say(get('/healthz'), client);
        client.destroy();
        if (answer.includes(status)) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }

    it('keep nobody out who asks when others only keep their connections', async () => {
      await serveMetrics();
      const idle = Array.from({ length: METRICS_LIMITS.connections }, open);
      for (const client of idle) expect(await say(get('/healthz'), client)).to.match(/^HTTP\/1\.1 200 /);

      for (let count = 0; count < METRICS_LIMITS.connections; count++) {
        expect(await say(get('/healthz'))).to.match(/^HTTP\/1\.1 200 /);
      }
    });

    it('end who asks and does not read the answer', async () => {
      const stallTimeoutMs = 1_000;
      const text = createDeferred<string>();
      await serveMetrics({ stallTimeoutMs }, text.promise);
      const slow = Array.from({ length: METRICS_LIMITS.calls }, open);
      for (const client of slow) client.write(get('/metrics'));
      await untilAnswered(' 503 ');
      const answeredAtMs = performance.now();

      text.resolve(long);

      await untilAnswered(' 200 ');
      // They count for as long as the answer is on its way: a busy machine can only make that longer.
      expect(performance.now() - answeredAtMs).to.be.above(stallTimeoutMs / 2);
    });

    it('end a connection soon after its last call', () => {
      expect(METRICS_LIMITS.idleTimeoutMs).to.be.at.most(5_000);
    });
  });

  it('limits calls of the metrics port too', async () => {
    const render = createDeferred<{ contentType: string; text: string }>();
    const app = createMetricsApp({
      ...{
        loaded: Promise.resolve({}) as never,
        metrics: { render: () => render.promise },
        logger,
        maxCalls: 1,
        problems: () => [],
      },
    });
    server = await listen({ path }, app, { limits: METRICS_LIMITS, logger });
    const get = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';
    const answers = [say(get), say(get)];

    const refused = await Promise.race(answers);
    render.resolve({ contentType: 'text/plain', text: 'routed_networks 1' });

    expect(refused).to.match(/^HTTP\/1\.1 503 /);
    expect((await Promise.all(answers)).join()).to.contain(' 200 ');
  });

  it('leaves room for every call to have a connection', () => {
    for (const { connections, calls } of [PLUGIN_LIMITS, ADMIN_LIMITS, METRICS_LIMITS]) {
      expect(connections).to.be.greaterThan(calls);
    }
  });
});
