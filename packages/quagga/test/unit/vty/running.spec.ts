import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isQuaggaError } from '../../../src/errors.ts';
import { openDaemons } from '../../../src/vty/running.ts';

async function listen(
  path: string,
  onLine: (answer: (bytes: Buffer) => void, end: () => void) => void,
): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('data', () =>
      onLine(
        (bytes) => socket.write(bytes),
        () => socket.destroy(),
      ),
    );
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

describe('openDaemons', () => {
  let dir: string;
  let server: Server | undefined;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'quagga-vty-'));
  });
  afterEach(async () => {
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    server = undefined;
    await rm(dir, { recursive: true });
  });

  it('finds those that answer, and takes a socket that refuses for a daemon that was killed', async () => {
    server = await listen(join(dir, 'zebra.vty'), (answer) => answer(Buffer.alloc(4)));
    // To connect to what is no socket is refused as well.
    await writeFile(join(dir, 'ospfd.vty'), '');

    await using daemons = await openDaemons(dir);

    expect([...daemons.keys()]).to.deep.equal(['zebra']);
  });

  it('fails when a daemon hangs up', async () => {
    server = await listen(join(dir, 'zebra.vty'), (_, end) => end());

    const error = await openDaemons(dir).catch((reason: unknown) => reason);

    expect(isQuaggaError(error, 'VTY_FAILED'), String(error)).to.equal(true);
  });
});
