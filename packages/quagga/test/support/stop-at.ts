import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { type Socket, createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import type { Router } from './router.ts';

export interface Stopper extends AsyncDisposable {
  /** Where the daemons' vty sockets are, with one in between. */
  readonly vtyDir: string;
  /** Lets the daemon go on. */
  resume(): Promise<void>;
}

/** Stops a daemon (SIGSTOP) at the moment in which it is sent a line that matches. */
export async function stopAt(router: Router, daemon: string, pattern: RegExp): Promise<Stopper> {
  const vtyDir = await mkdtemp('/tmp/quagga-stop-');
  const sockets = (await readdir(router.vtyDir)).filter((name) => name.endsWith('.vty'));
  for (const name of sockets.filter((one) => one !== `${daemon}.vty`))
    await symlink(join(router.vtyDir, name), join(vtyDir, name));
  const open: Socket[] = [];
  const server = createServer((client) => {
    const real = createConnection(join(router.vtyDir, `${daemon}.vty`));
    open.push(client, real);
    for (const one of [client, real]) one.on('error', () => undefined);
    real.pipe(client);
    client.on('close', () => real.destroy());
    client.on('data', (line) => void forward(line, real));
  });
  const forward = async (line: Buffer, real: Socket): Promise<void> => {
    if (pattern.test(line.toString().replace('\0', ''))) await router.signal(daemon, 'STOP');
    real.write(line);
  };
  await new Promise<void>((resolve) => server.listen(join(vtyDir, `${daemon}.vty`), resolve));
  return {
    vtyDir,
    resume: () => router.signal(daemon, 'CONT'),
    [Symbol.asyncDispose]: async () => {
      await router.signal(daemon, 'CONT');
      open.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
      await rm(vtyDir, { recursive: true });
    },
  };
}
