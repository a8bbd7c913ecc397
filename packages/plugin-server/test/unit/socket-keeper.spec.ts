import { askUnixServer } from '@routed/docker-engine/unix-http';
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import Koa from 'koa';
import { type PluginServer, listen } from '../../src/plugin-server.ts';
import { PLUGIN_LIMITS } from '../../src/server-limits.ts';
import { SocketKeeper } from '../../src/socket-keeper.ts';

describe('a socket whose file is taken away', () => {
  let directory: string;
  let path: string;
  let server: PluginServer;
  let warnings: string[];
  const logger = { warn: (_: object, message: string) => void warnings.push(message) };
  const socketGroup = process.getegid?.();

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routed-keeper-'));
    path = join(directory, 'plugins', 'routed.sock');
    warnings = [];
    const app = new Koa().use((ctx) => (ctx.body = '"here"'));
    server = await listen({ path }, app, { limits: PLUGIN_LIMITS, socketGroup, logger });
  });
  afterEach(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });

  async function answer(): Promise<unknown> {
    return (await askUnixServer({ socketPath: path, method: 'GET', path: '/', timeoutMs: 1000 })).body;
  }

  /** Waits for what a look at the path once a second brings. */
  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 5000;
    while (!(await isSo())) {
      expect(Date.now(), 'time is over').to.be.lessThan(deadline);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const isServed = (): Promise<boolean> =>
    answer().then(
      (body) => body === 'here',
      () => false,
    );

  for (const [what, take] of [
    ['alone', () => rm(path)],
    ['with its directory', () => rm(join(directory, 'plugins'), { recursive: true })],
    ['by a new name', () => rename(path, join(directory, 'elsewhere.sock'))],
  ] as const) {
    it(`is made anew, for whom it was: ${what}`, async () => {
      await take();
      expect(await isServed()).to.equal(false);

      await until(isServed);

      const { mode, gid } = await stat(path);
      expect(mode & 0o777).to.equal(0o660);
      expect(gid).to.equal(socketGroup);
      expect(warnings).to.deep.equal([`socket ${path} was removed: recreating it`]);
      expect(server.problems()).to.deep.equal([]);
    });
  }

  it('is made anew every time, and goes when the server stops', async () => {
    for (let count = 0; count < 3; count++) {
      await rm(path);
      await until(isServed);
    }

    await server.close();

    expect(await isServed()).to.equal(false);
    expect(await stat(path).catch(() => undefined)).to.equal(undefined);
  });

  it('says so while something else is in its place, and is back when that has gone', async () => {
    await rm(path);
    await writeFile(path, '');

    await until(() => server.problems().length > 0);
    expect(server.problems()).to.deep.equal([
      `socket ${path} was replaced, and cannot be recreated: ${path} exists and is not a socket: move it away`,
    ]);
    await rm(path);

    await until(isServed);
    await until(() => server.problems().length === 0);
  });

  it('leaves another process alone that serves the path now', async () => {
    await rm(path);
    const other = createServer().listen(path);

    await until(() => server.problems().length > 0);

    expect(server.problems()[0]).to.match(/was replaced, and cannot be recreated: another process is serving/);
    await new Promise((resolve) => other.close(resolve));
    await until(isServed);
  });

  it('says so, once, when a service manager holds it', async () => {
    const keeper = new SocketKeeper({ path, listenAgain: undefined, logger });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.close();

    await until(() => keeper.problem !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await keeper.stop();

    const problem = `socket ${path} was removed, and systemd holds it: restart its .socket unit and routed.service`;
    expect(keeper.problem).to.equal(problem);
    expect(warnings).to.deep.equal([problem]);
  });
});
