import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises';
import { type Socket, createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Router } from './router.ts';

const run = promisify(execFile);

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
  const pid = (await readFile(join(router.vtyDir, `${daemon}.pid`), 'utf8')).trim();
  const signal = async (name: string): Promise<void> => {
    const inside = ['-t', String(router.namespacePid), '-p', 'sh', '-c', 'kill -"$1" "$2"', 'kill'];
    await run('nsenter', [...inside, name, pid]);
  };
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
    if (pattern.test(line.toString().replace('\0', ''))) await signal('STOP');
    real.write(line);
  };
  await new Promise<void>((resolve) => server.listen(join(vtyDir, `${daemon}.vty`), resolve));
  return {
    vtyDir,
    resume: () => signal('CONT'),
    [Symbol.asyncDispose]: async () => {
      await signal('CONT');
      open.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
      await rm(vtyDir, { recursive: true });
    },
  };
}
