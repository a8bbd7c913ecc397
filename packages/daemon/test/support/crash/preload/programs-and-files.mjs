import childProcess from 'node:child_process';
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { setImmediate } from 'node:timers';
import { begin, end, step } from './steps.mjs';

/** What a program is told that only looks. */
const LOOKING = ['--check', '--list-rules', '--version'];

/** Makes the programs that change something steps, and the writes to sysctls and to other files that are made new. */
export function watchProgramsAndFiles() {
  watchPrograms();
  watchSysctls();
  watchAppends();
  for (const name of ['rename', 'rm']) {
    const original = promises[name];
    promises[name] = (path, ...rest) => step(`file: ${name} ${path}`, () => original(path, ...rest));
  }
  syncBuiltinESMExports();
}

/** The step is done when the program has ended; one that was started before its parent's death goes on by itself. */
function watchPrograms() {
  const { execFile } = childProcess;
  childProcess.execFile = (file, args, options, callback) => {
    if (LOOKING.some((flag) => args.includes(flag))) return execFile(file, args, options, callback);
    const started = begin(`program: start ${file}`);
    const child = execFile(file, args, options, (...outcome) => {
      end(ended());
      callback(...outcome);
    });
    const ended = () => begin(`program: end ${file}`);
    setImmediate(() => end(started));
    return child;
  };
}

function watchSysctls() {
  const { openSync, write } = fs;
  const sysctls = new Map();
  fs.openSync = (path, flags, ...rest) => {
    const fd = openSync(path, flags, ...rest);
    if (String(path).startsWith('/proc/sys/')) sysctls.set(fd, path);
    else sysctls.delete(fd);
    return fd;
  };
  fs.write = (fd, ...rest) => {
    const path = sysctls.get(fd);
    if (path === undefined) return write(fd, ...rest);
    const callback = rest.pop();
    const number = begin(`sysctl: ${path}`);
    write(fd, ...rest, (...outcome) => {
      end(number);
      callback(...outcome);
    });
  };
}

/** What is appended to the state's files of recent changes, by the keys of the records. */
function watchAppends() {
  const { openSync, writeSync } = fs;
  const files = new Set();
  fs.openSync = (path, flags, ...rest) => {
    const fd = openSync(path, flags, ...rest);
    if (/\/recent-[ab]$/.test(String(path))) files.add(fd);
    else files.delete(fd);
    return fd;
  };
  fs.writeSync = (fd, bytes, ...rest) => {
    if (!files.has(fd)) return writeSync(fd, bytes, ...rest);
    const [, changes] = JSON.parse(/(?:.* )?\d+ (\[.*)\n$/s.exec(String(bytes))[1]);
    const number = begin(
      `store: batch of ${changes.map(({ kind, key, value }) => `${value === undefined ? 'del' : 'put'} !${kind}!${key}`).join(', ')}`,
    );
    const written = writeSync(fd, bytes, ...rest);
    end(number);
    return written;
  };
}
