import type koffiModule from 'koffi';

import { isLittleEndian } from '../codec/writer.ts';
import { ENOBUFS, ENOSYS } from './errno.ts';
import { loadSys } from './sys-koffi.ts';

/** System calls that few programs need, declared at their first use. As in {@link Sys}, a negative errno is a failure. */
export interface RareCalls {
  /** ioctl(2) with a number, or a structure that the kernel reads and fills in. Off the event loop: it may wait for RTNL. */
  ioctlAsync(fd: number, request: number, argument: number | Uint8Array): Promise<number>;
  /** A descriptor of the object that is pinned at a path, which ends with a zero byte. Source: bpf(2) `BPF_OBJ_GET`. */
  openPinnedObject(path: Uint8Array): number;
}

/** Source: linux arch syscall tables, `__NR_bpf`; 280 on architectures with the generic table. */
const BPF_CALL: Readonly<Record<string, number>> = {
  x64: 321,
  arm64: 280,
  riscv64: 280,
  loong64: 280,
  arm: 386,
  ia32: 357,
  ppc64: 361,
  s390x: 351,
};
const BPF_OBJ_GET = 7;
/** The first members of `union bpf_attr` that this command knows. */
const ATTRIBUTES_BYTES = 16;

let loading: Promise<RareCalls> | undefined;

/** Rejects as {@link loadSys} does. */
export function loadRareCalls(): Promise<RareCalls> {
  loading ??= load();
  return loading;
}

async function load(): Promise<RareCalls> {
  // Says what is missing where koffi has no binary.
  await loadSys();
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  return { ioctlAsync: ioctlOf(koffi, libc), openPinnedObject: openPinnedOf(koffi, libc) };
}

const inUse = new Set<unknown>();

type Koffi = typeof koffiModule;
type Library = ReturnType<Koffi['load']>;

function ioctlOf(koffi: Koffi, libc: Library): RareCalls['ioctlAsync'] {
  const withNumber = libc.func('int ioctl(int fd, unsigned long request, unsigned long argument)');
  const withStructure = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
  return (fd, request, argument) =>
    new Promise((resolve) => {
      const ioctl = typeof argument === 'number' ? withNumber : withStructure;
      // Held until the call has ended: the garbage collector must not take what the kernel still uses.
      inUse.add(argument);
      try {
        ioctl.async(fd, request, argument, (error: Error | null, result: number) => {
          // errno is right inside this callback only.
          inUse.delete(argument);
          if (error !== null) resolve(-ENOBUFS);
          else resolve(result < 0 ? -koffi.errno() : result);
        });
      } catch {
        inUse.delete(argument);
        // Other users of koffi in this process have taken all calls that there are at once.
        resolve(-ENOBUFS);
      }
    });
}

function openPinnedOf(koffi: Koffi, libc: Library): RareCalls['openPinnedObject'] {
  const number = BPF_CALL[process.arch];
  if (number === undefined) return () => -ENOSYS;
  const bpf = libc.func('long syscall(long number, int command, const void *attributes, unsigned int length)');
  return (path) => {
    const attributes = new Uint8Array(ATTRIBUTES_BYTES);
    new DataView(attributes.buffer).setBigUint64(0, koffi.address(path), isLittleEndian);
    const result = Number(bpf(number, BPF_OBJ_GET, attributes, attributes.length));
    return result < 0 ? -koffi.errno() : result;
  };
}
