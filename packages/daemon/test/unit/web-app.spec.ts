import { request } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { listen, type PluginServer, WEB_LIMITS } from '@routed/plugin-server';
import { expect } from 'chai';
import Koa from 'koa';
import { createWebApp, type PageSource, pageBelowWeb } from '../../src/web/web-app.ts';

const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('the page of the daemon', () => {
  let directory: string;
  let server: PluginServer;
  let opened: number;
  const page: PageSource = () => {
    opened++;
    return Promise.resolve((ctx) => {
      ctx.body = `page at ${ctx.path}`;
    });
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-web-'));
    opened = 0;
  });
  afterEach(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });

  async function serve(app: Koa): Promise<void> {
    server = await listen({ path: join(directory, 'socket') }, app, { limits: WEB_LIMITS, logger });
  }

  async function get(path: string): Promise<{ status: number; body: string; location?: string | undefined }> {
    return await new Promise((resolve, reject) => {
      const call = request({ socketPath: join(directory, 'socket'), path, agent: false }, (reply) => {
        const { statusCode: status = 0, headers } = reply;
        text(reply).then((body) => resolve({ status, body, location: headers.location }), reject);
      });
      call.on('error', reject);
      call.end();
    });
  }

  function admin(source: PageSource = page): Koa {
    const app = new Koa();
    app.use(pageBelowWeb(source));
    app.use((ctx) => {
      ctx.body = 'something else';
    });
    return app;
  }

  it('is opened when somebody asks for it first', async () => {
    await serve(createWebApp(page, { logger, maxCalls: 4 }));
    expect(opened).to.equal(0);

    expect(await get('/api/overview')).to.include({ status: 200, body: 'page at /api/overview' });
  });

  it('is below /web/ of the admin socket, and nowhere else', async () => {
    await serve(admin());

    expect(await get('/web/style.css')).to.include({ body: 'page at /style.css' });
    expect(await get('/web')).to.include({ status: 302, location: '/web/' });
    expect(await get('/webs')).to.include({ body: 'something else' });
    expect(await get('/v1/status')).to.include({ body: 'something else' });
  });

  it('says why it cannot be shown', async () => {
    await serve(admin(() => Promise.reject(new Error('its files are missing'))));

    const { status, body } = await get('/web/');

    expect(status).to.equal(500);
    expect(body).to.include('the page cannot be shown: its files are missing');
  });
});
