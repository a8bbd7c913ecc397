import { readIfThere, removeIfThere, writeDurably } from '@routed/store';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';

/** What fixes are made on: this host, or one in memory. */
export interface FixTarget {
  /** Undefined: there is no such setting here. */
  readSysctl(key: string): Promise<string | undefined>;
  /** Rejects when the kernel has another value afterwards. */
  writeSysctl(key: string, value: string): Promise<void>;
  readFile(path: string): Promise<string | undefined>;
  writeFile(path: string, text: string): Promise<void>;
  removeFile(path: string): Promise<void>;
  /** Whether somebody accepts connections at a socket. */
  isServed(path: string): Promise<boolean>;
}

/** This host. */
export const hostTarget: FixTarget = {
  readSysctl: async (key) => (await readIfThere(`/proc/sys/${key}`))?.trim(),
  writeSysctl: async (key, value) => {
    await writeFile(`/proc/sys/${key}`, value);
    const now = (await readFile(`/proc/sys/${key}`, 'utf8')).trim();
    if (now !== value) throw new Error(`the kernel accepted ${value} but reports ${now}`);
  },
  readFile: readIfThere,
  writeFile: (path, text) => writeDurably(path, text),
  removeFile: removeIfThere,
  isServed: (path) =>
    new Promise((resolve) => {
      const socket = connect(path);
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    }),
};
