import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { LabError } from './errors.ts';

const loopback = '127.0.0.1';

/**
 * Listens on this machine's loopback and joins every connection to the same port of a host's loopback, which no route
 * leads to. It goes on until this process ends.
 * @throws {@link LabError} `start-failed` when the port is taken
 */
export async function forwardPort(keeperPid: number, port: number): Promise<void> {
  const server = createServer((socket) => join(socket, keeperPid, port));
  server.listen(port, loopback);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new LabError('start-failed', `cannot listen on ${loopback}:${port}: ${String(cause)}`, { cause });
  }
}

/** Only the network namespace is the host's: busybox is the machine's. */
function join(socket: Socket, keeperPid: number, port: number): void {
  const args = ['--target', String(keeperPid), '--net', '--', 'busybox', 'nc', loopback, String(port)];
  const nc = spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  socket.pipe(nc.stdin);
  nc.stdout.pipe(socket);
  socket.on('error', () => nc.kill());
  socket.on('close', () => nc.kill());
  // The host's end was closed first.
  nc.stdin.on('error', () => socket.destroy());
  nc.on('error', () => socket.destroy());
}
