import { expect } from 'chai';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostReader } from '../../src/facts/host-reader.ts';
import { readRouters } from '../../src/facts/router-facts.ts';

describe('what doctor finds of routing daemons', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routers-'));
    for (const name of ['zebra', 'ospfd']) await leaveSocket(name);
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** What a daemon that has ended leaves. */
  async function leaveSocket(name: string): Promise<void> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(directory, 'listening'), resolve));
    // Node.js removes the socket that it made, by its first name.
    await rename(join(directory, 'listening'), join(directory, `${name}.vty`));
    await new Promise((resolve) => server.close(resolve));
  }

  const namesFound = async (): Promise<readonly string[] | undefined> => {
    const host = {
      paths: { routerDirs: [directory] },
      list: (path: string) => readdir(path),
      file: (path: string) => readFile(path, 'utf8').catch(() => undefined),
    } as unknown as HostReader;
    return (await readRouters(host))?.daemons.map(({ name, isRunning }) => `${name}${isRunning ? '' : ' dead'}`);
  };

  it('is a dead one, whose socket remains', async () => {
    await writeFile(join(directory, 'daemons'), 'ospfd=yes\n');

    expect(await namesFound()).to.deep.equal(['zebra dead', 'ospfd dead']);
  });

  it('is not one that was switched off, though its socket remains', async () => {
    await writeFile(join(directory, 'daemons'), 'bgpd=yes\nospfd=no\n');

    expect(await namesFound()).to.deep.equal(['zebra dead']);
  });
});
