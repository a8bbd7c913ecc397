import { close } from 'node:fs';
import { promisify } from 'node:util';

import { NetlinkError } from '../errors.ts';
import { checkArgument } from '../check/argument.ts';
import { object } from '../check/check.ts';
import { asText } from '../attributes/format.ts';
import { errnoName, errnoText } from '../sys/errno.ts';
import { loadRareCalls } from '../sys/rare-calls.ts';

const closeAsync = promisify(close);
const PATH = object<{ readonly path: string }>({ path: asText.check });

/** An eBPF program that something else loaded. */
export interface PinnedProgram extends AsyncDisposable {
  /** For {@link BpfSettings.fd}; a filter holds the program by itself. */
  readonly fd: number;
  /** May be repeated. */
  close(): Promise<void>;
}

/**
 * Opens the eBPF program that is pinned at a path of a BPF file system, such as `/sys/fs/bpf/counter`.
 *
 * @throws {@link NetlinkError} `ENOENT`; `EINVAL`: the file is of another file system; `EPERM`; `ENOSYS` on rare architectures
 */
export async function openPinnedProgram(path: string): Promise<PinnedProgram> {
  checkArgument(PATH, { path }, 'program.open');
  const calls = await loadRareCalls();
  const fd = calls.openPinnedObject(new Uint8Array(Buffer.from(`${path}\0`)));
  if (fd < 0) {
    const reason = fd === -EINVAL ? 'it is not in a BPF file system' : errnoText(-fd);
    throw new NetlinkError({ code: errnoName(-fd), errno: -fd, operation: 'program.open', subject: path, reason });
  }
  let closing: Promise<void> | undefined;
  const end = (): Promise<void> => (closing ??= closeAsync(fd));
  return { fd, close: end, [Symbol.asyncDispose]: end };
}

const EINVAL = 22;
