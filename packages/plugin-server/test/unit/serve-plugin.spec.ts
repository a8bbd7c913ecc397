import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPluginClient } from '@routed/plugin-protocol';
import { expect } from 'chai';
import { isPluginServerError } from '../../src/errors.ts';
import { type RunningPlugin, servePlugin } from '../../src/serve-plugin.ts';

const handlers = {
  'NetworkDriver.CreateNetwork': () => ({}),
  'NetworkDriver.Join': () => {
    throw new Error('no room for this container');
  },
} as const;

describe('servePlugin', () => {
  let directory: string;
  let plugin: RunningPlugin | undefined;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'serve-plugin-'))));
  afterEach(async () => {
    await plugin?.close();
    plugin = undefined;
    await rm(directory, { recursive: true });
  });

  it('says what it is by its handlers, and answers what most plugins have nothing to say to', async () => {
    plugin = await servePlugin({ name: 'mine', handlers, socketDirectory: directory });
    const client = openPluginClient({ socketPath: join(directory, 'mine.sock') });

    expect(await client.call('Plugin.Activate', undefined)).to.deep.equal({ Implements: ['NetworkDriver'] });
    expect(await client.call('NetworkDriver.GetCapabilities', undefined)).to.include({ Scope: 'local' });
    expect(await client.call('NetworkDriver.EndpointOperInfo', { NetworkID: 'n', EndpointID: 'e' })).to.deep.equal({
      Value: {},
    });
    client.close();
  });

  it("tells Docker's user what a handler threw", async () => {
    plugin = await servePlugin({ name: 'mine', handlers, socketDirectory: directory });
    const client = openPluginClient({ socketPath: join(directory, 'mine.sock') });
    const join_ = { NetworkID: 'n', EndpointID: 'e', SandboxKey: '/s', Options: {} };

    const failure = await client.call('NetworkDriver.Join', join_).catch((error: unknown) => String(error));

    expect(failure).to.contain('no room for this container');
    client.close();
  });

  it('removes its socket when it is closed', async () => {
    const running = await servePlugin({ name: 'mine', handlers, socketDirectory: directory });
    const path = join(directory, 'mine.sock');
    expect([running.address, existsSync(path)]).to.deep.equal([`unix://${path}`, true]);

    await running.close();

    expect(existsSync(path)).to.equal(false);
  });

  it('names its port in a spec file for Docker, as long as it runs', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { readonly port: number };
    probe.close();
    await once(probe, 'close');
    const running = await servePlugin({ name: 'mine', handlers, tcp: { port, specDirectory: directory } });

    expect(await readFile(join(directory, 'mine.spec'), 'utf8')).to.equal(`tcp://127.0.0.1:${port}`);
    const reply = await fetch(`http://127.0.0.1:${port}/Plugin.Activate`, { method: 'POST' });
    expect(await reply.json()).to.deep.equal({ Implements: ['NetworkDriver'] });

    await running.close();
    expect(existsSync(join(directory, 'mine.spec'))).to.equal(false);
  });

  it('refuses a name that Docker would not find', async () => {
    const failure = await servePlugin({ name: '../mine', handlers, socketDirectory: directory }).catch(
      (error: unknown) => error,
    );

    expect(isPluginServerError(failure, 'INVALID_OPTION')).to.equal(true);
  });
});
