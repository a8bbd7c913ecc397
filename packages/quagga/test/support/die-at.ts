/**
 * Kills this process before step number DIE_AT of an apply: a line to a daemon that is no question, or a file that gets
 * its name or loses it. Says on the error output how many steps there were. Loaded before the program.
 */
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

const last = Number(process.env.DIE_AT);
let steps = 0;

function step(): void {
  if (++steps === last) process.kill(process.pid, 'SIGKILL');
}

const { rename, rm } = files;
files.rename = async (from, to) => {
  step();
  await rename(from, to);
};
files.rm = async (path, options) => {
  if (/\.quagga-config\.pending$/.test(String(path))) step();
  await rm(path, options);
};
const write = Reflect.get(Socket.prototype, 'write') as (this: Socket, ...args: unknown[]) => boolean;
Socket.prototype.write = function (this: Socket, ...args: unknown[]): boolean {
  const [data] = args;
  if (typeof data === 'string' && data.endsWith('\0') && !/^(enable|show )/.test(data)) step();
  return write.apply(this, args);
};
syncBuiltinESMExports();
process.once('exit', () => process.stderr.write(`steps: ${steps}\n`));
