import { Journal } from '@routed/driver';
import { ADMIN_LIMITS, listen, type PluginServer } from '@routed/plugin-server';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { type AdminServices, createAdminApp } from '../../src/admin/admin-app.ts';
import { askDaemon } from '../../src/admin/admin-client.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { DriverError } from '@routed/driver';

const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const refusedAt = (destination: string, container: string): object => ({
  ...{ at: 'now', source: '10.9.0.2', destination, container },
});

describe('the admin socket', () => {
  let directory: string;
  let socketPath: string;
  let server: PluginServer;
  let metrics: Metrics;
  let journal: Journal;
  let stopping: AbortController;
  let problems: readonly string[];
  const asked: unknown[] = [];
  const services = {
    addresses: {
      add: (...call: unknown[]) => {
        asked.push(call);
        return call[0] === 'busy'
          ? Promise.reject(new DriverError('ADDRESS_IN_USE', 'address is taken'))
          : Promise.resolve({ container: call[0] });
      },
      remove: (...call: unknown[]) => Promise.resolve(call),
    },
    announcements: {
      drain: (...call: unknown[]) => Promise.resolve(call),
      drainHost: (...call: unknown[]) => Promise.resolve(call),
      drains: () => Promise.resolve({ isHostDraining: false, endpoints: [] }),
      handover: (...call: unknown[]) => Promise.resolve({ call }),
      handovers: () => Promise.resolve({ endpoints: [] }),
    },
    get journal() {
      return journal;
    },
    refused: {
      entries: () => [refusedAt('10.1.0.2', 'web'), refusedAt('10.1.0.3', 'other')],
      follow: (listener: (packet: object) => void) => {
        setImmediate(() => ['10.1.0.2', '10.1.0.3'].forEach((address) => listener(refusedAt(address, 'later'))));
        return () => undefined;
      },
    },
    describe: (address: string) => ({ address }),
    status: {
      completeReport: () => Promise.resolve({ version: '1', problems: ['an old one'] }),
      refreshNames: () => Promise.resolve(),
    },
    list: { list: (container?: string) => Promise.resolve([{ container: container ?? 'all' }]) },
  } as unknown as AdminServices;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-admin-'));
    socketPath = join(directory, 'routed', 'admin.sock');
    asked.length = 0;
    metrics = new Metrics();
    journal = new Journal();
    stopping = new AbortController();
    problems = [];
    const common = { loaded: Promise.resolve(services), metrics, stopping: stopping.signal, logger, maxCalls: 2 };
    server = await listen({ path: socketPath }, createAdminApp({ ...common, problems: () => problems }), {
      limits: ADMIN_LIMITS,
      logger,
    });
  });
  afterEach(async () => {
    stopping.abort();
    await server.close();
    metrics.stop();
    await rm(directory, { recursive: true });
  });

  async function raw(method: string, path: string, body = ''): Promise<{ status: number; body: string }> {
    return await new Promise((resolve, reject) => {
      const call = request({ socketPath, method, path, agent: false }, (reply) => {
        text(reply).then((received) => resolve({ status: reply.statusCode ?? 0, body: received }), reject);
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  it('is for root alone', async () => {
    expect((await stat(socketPath)).mode & 0o777).to.equal(0o600);
  });

  it('hands requests to the services, names decoded', async () => {
    const path = '/v1/containers/web%2Fone/addresses';

    await askDaemon(socketPath, {
      method: 'POST',
      path,
      body: { address: '10.1.0.3', network: 'mine', anycast: true },
    });

    expect(asked).to.deep.equal([['web/one', '10.1.0.3', { networkName: 'mine', isAnycast: true }]]);
    expect(await askDaemon(socketPath, { method: 'DELETE', path: `${path}/fd00%3A%3A1` })).to.deep.equal([
      'web/one',
      'fd00::1',
    ]);
    expect(await askDaemon(socketPath, { method: 'GET', path: '/v1/addresses?container=web' })).to.deep.equal([
      { container: 'web' },
    ]);
  });

  it('answers an error with its code, its words and a fitting status', async () => {
    const busy = await raw('POST', '/v1/containers/busy/addresses', '{"address":"10.1.0.3"}');

    expect(busy.status).to.equal(409);
    expect(JSON.parse(busy.body)).to.deep.equal({ error: { code: 'ADDRESS_IN_USE', message: 'address is taken' } });
  });

  const wrong: readonly (readonly [string, string, string, number, string])[] = [
    ['POST', '/v1/containers/web/addresses', '{', 400, 'the body is not JSON'],
    ['POST', '/v1/containers/web/addresses', '{"address":7}', 400, 'address: '],
    ['POST', '/v1/containers/web/addresses', '{}', 400, 'address: '],
    ['POST', '/v1/containers/web/addresses', `"${'x'.repeat(600_000)}"`, 413, 'too large'],
    ['GET', '/v1/addresses/web', '', 400, 'web'],
    ['GET', '/v1/nothing', '', 404, 'unknown request GET /v1/nothing'],
    ['PUT', '/v1/addresses', '', 404, 'unknown request PUT /v1/addresses'],
  ];
  for (const [method, path, body, status, message] of wrong) {
    it(`answers ${method} ${path} ${body.slice(0, 20)} with ${status}`, async () => {
      const reply = await raw(method, path, body);

      expect(reply.status).to.equal(status);
      expect((JSON.parse(reply.body) as { error: { message: string } }).error.message).to.contain(message);
    });
  }

  it('tells what was refused, of one container or address, and goes on telling', async () => {
    const once = await raw('GET', '/v1/refused?container=web');
    const followed = raw('GET', '/v1/refused?address=10.1.0.3&follow=true');
    await new Promise((resolve) => setTimeout(resolve, 50));
    stopping.abort();

    const lines = (...packets: readonly object[]): string =>
      packets.map((line) => `${JSON.stringify(line)}\n`).join('');
    expect(once.body).to.equal(lines(refusedAt('10.1.0.2', 'web')));
    expect((await followed).body).to.equal(lines(refusedAt('10.1.0.3', 'other'), refusedAt('10.1.0.3', 'later')));
  });

  it('tells what happened, and goes on telling until it stops', async () => {
    const entry = { kind: 'leased', addresses: ['10.1.0.2'], detail: 'first' } as const;
    journal.record(entry);
    journal.record({ ...entry, addresses: ['10.1.0.3'] });

    const all = await raw('GET', '/v1/events');
    const one = await raw('GET', '/v1/events?address=10.1.0.3');
    const followed = raw('GET', '/v1/events?address=10.1.0.2&follow=true');
    await new Promise((resolve) => setTimeout(resolve, 50));
    journal.record({ ...entry, detail: 'second' });
    stopping.abort();

    const details = (body: string): unknown[] =>
      body
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { detail: string; addresses: string[] }).detail);
    expect(details(all.body)).to.have.lengthOf(2);
    expect(details(one.body)).to.have.lengthOf(1);
    expect(details((await followed).body)).to.deep.equal(['first', 'second']);
  });

  it('takes no more calls than it is set to, those of followers included, and goes on when one ends', async () => {
    const followed = [raw('GET', '/v1/events?follow=true'), raw('GET', '/v1/events?follow=true')];
    await new Promise((resolve) => setTimeout(resolve, 50));

    const refused = await raw('GET', '/v1/status');
    stopping.abort();
    await Promise.all(followed);

    expect(refused.status).to.equal(503);
    expect(JSON.parse(refused.body)).to.deep.equal({
      error: { code: 'BUSY', message: '2 calls are in progress, the limit: try again later' },
    });
    expect((await raw('GET', '/v1/status')).status).to.equal(200);
  });

  it('is not ready, and says why, while nobody reaches a socket of the daemon', async () => {
    problems = ['socket /run/docker/plugins/routed.sock was removed'];

    const { status, body } = await raw('GET', '/readyz');

    expect(status).to.equal(503);
    expect(JSON.parse(body)).to.deep.equal({ status: 'unreachable', problems });
    expect(await askDaemon(socketPath, { method: 'GET', path: '/v1/status' })).to.deep.equal({
      version: '1',
      problems: [...problems, 'an old one'],
    });
    expect(await askDaemon(socketPath, { method: 'GET', path: '/v1/status?addresses=true' })).to.deep.include({
      addresses: [{ container: 'all' }],
    });
    problems = [];
    expect((await raw('GET', '/readyz')).status).to.equal(200);
  });

  it('answers programs that watch the daemon', async () => {
    metrics.onCall('NetworkDriver.Join', 'ok', 0.003);

    const { body } = await raw('GET', '/metrics');

    expect(body).to.contain('routed_plugin_call_seconds_bucket{le="0.005",method="NetworkDriver.Join",outcome="ok"} 1');
    expect(body).to.contain('process_resident_memory_bytes');
    expect((await raw('GET', '/healthz')).status).to.equal(200);
    expect((await raw('GET', '/readyz')).body).to.equal('{"status":"ready"}');
  });

  it('tells its client what the daemon said, or that there is none', async () => {
    const path = '/v1/containers/busy/addresses';
    const taken = await askDaemon(socketPath, { method: 'POST', path, body: { address: 'x' } }).catch(String);
    const nobody = await askDaemon(join(directory, 'no.sock'), { method: 'GET', path: '/v1/addresses' }).catch(String);

    expect(taken).to.equal('AdminError: address is taken');
    expect(nobody).to.contain('does not answer at').and.to.contain('start routed-plugin');
  });

  it('drains a container, on one of its networks, or the host, and tells what is drained', async () => {
    const put = (path: string, body: object): Promise<unknown> => askDaemon(socketPath, { method: 'PUT', path, body });

    expect(await put('/v1/containers/web/drain', { isDraining: true, network: 'n' })).to.deep.equal(['web', true, 'n']);
    expect(await put('/v1/drain', { isDraining: false })).to.deep.equal([false]);
    expect(await askDaemon(socketPath, { method: 'GET', path: '/v1/drain' })).to.deep.equal({
      isHostDraining: false,
      endpoints: [],
    });
    expect((await raw('PUT', '/v1/drain', '{}')).status).to.equal(400);
  });

  it('hands a container over within a time, ends that, and tells what is handed over', async () => {
    const path = '/v1/containers/web/handover';
    const put = (body: object): Promise<unknown> => askDaemon(socketPath, { method: 'PUT', path, body });

    expect(await put({ withinMs: 60_000, network: 'n' })).to.deep.equal({ call: ['web', 60_000, 'n'] });
    expect(await put({ withinMs: null })).to.deep.equal({ call: ['web', null, null] });
    expect(await askDaemon(socketPath, { method: 'GET', path: '/v1/handovers' })).to.deep.equal({ endpoints: [] });
    for (const body of ['{}', '{"withinMs":999}', '{"withinMs":3600001}', '{"withinMs":1000.5}', '{"withinMs":"5m"}']) {
      const { status, body: reply } = await raw('PUT', path, body);
      expect([status, reply], body).to.satisfy(() => status === 400 && reply.includes('withinMs: '));
    }
  });
});
