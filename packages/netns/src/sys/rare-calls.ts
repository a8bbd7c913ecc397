import type koffiModule from 'koffi';

import { isLittleEndian } from '../codec/writer.ts';
import { MSG_ERRQUEUE } from '../uapi/icmp.ts';
import { MSG_DONTWAIT, SO_ATTACH_FILTER, SOL_SOCKET } from '../uapi/netlink.ts';
import { ENOBUFS, ENOSYS } from './errno.ts';
import { loadSys } from './sys-koffi.ts';

/** System calls that few programs need, declared at their first use. As in {@link Sys}, a negative errno is a failure. */
export interface RareCalls {
  /** ioctl(2) with a number, or a structure that the kernel reads and fills in. Off the event loop: it may wait for RTNL. */
  ioctlAsync(fd: number, request: number, argument: number | Uint8Array): Promise<number>;
  /** A descriptor of the object that is pinned at a path, which ends with a zero byte. Source: bpf(2) `BPF_OBJ_GET`. */
  openPinnedObject(path: Uint8Array): number;
  /** connect(2) of a socket that has nothing to wait for. */
  connect(fd: number, address: Uint8Array): number;
  /** Takes one entry off a socket's queue of errors; `undefined`: there is none. Source: recvmsg(2) `MSG_ERRQUEUE`. */
  receiveError(fd: number, payloadBytes: number, controlBytes: number): ReceivedError | undefined;
  /** Has a socket take only the packets that a program takes, of one instruction or more of 8 bytes each. Source: socket(7) `SO_ATTACH_FILTER`. */
  attachFilter(fd: number, program: Uint8Array): number;
}

/** An entry of a socket's queue of errors. */
export interface ReceivedError {
  /** The start of the packet that it is about, as sent to the socket; empty: the kernel does not say. */
  readonly payload: Uint8Array;
  /** Control messages: what the error is. */
  readonly control: Uint8Array;
  /** Bytes of a pointer, by which control messages are laid out. */
  readonly wordBytes: number;
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
  return {
    ioctlAsync: ioctlOf(koffi, libc),
    openPinnedObject: openPinnedOf(koffi, libc),
    connect: connectOf(koffi, libc),
    receiveError: receiveErrorOf(koffi, libc),
    attachFilter: attachFilterOf(koffi, libc),
  };
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

function connectOf(koffi: Koffi, libc: Library): RareCalls['connect'] {
  const connect = libc.func('int connect(int fd, const void *address, unsigned int length)');
  return (fd, address) => {
    const result = Number(connect(fd, address, address.length));
    return result < 0 ? -koffi.errno() : result;
  };
}

function attachFilterOf(koffi: Koffi, libc: Library): RareCalls['attachFilter'] {
  const setsockopt = libc.func('int setsockopt(int fd, int level, int option, const void *value, unsigned int length)');
  const wordBytes = koffi.sizeof('void *');
  return (fd, program) => {
    // The number of instructions, in the first two bytes of a word, and where they are. Source: linux uapi filter.h `struct sock_fprog`.
    const value = new Uint8Array(new ArrayBuffer(2 * wordBytes));
    writeWords(value, wordBytes, [0n, koffi.address(program)]);
    new DataView(value.buffer).setUint16(0, program.length / 8, isLittleEndian);
    const result = Number(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, value, value.length));
    return result < 0 ? -koffi.errno() : result;
  };
}

function receiveErrorOf(koffi: Koffi, libc: Library): RareCalls['receiveError'] {
  const recvmsg = libc.func('intptr_t recvmsg(int fd, void *message, int flags)');
  const wordBytes = koffi.sizeof('void *');
  return (fd, payloadBytes, controlBytes) => {
    const [payload, control] = [payloadBytes, controlBytes].map((bytes) => new Uint8Array(new ArrayBuffer(bytes)));
    const [vector, message] = [2, 7].map((words) => new Uint8Array(new ArrayBuffer(words * wordBytes)));
    if (payload === undefined || control === undefined || vector === undefined || message === undefined)
      return undefined;
    writeWords(vector, wordBytes, [koffi.address(payload), BigInt(payloadBytes)]);
    // Name and its length, vector and its length, control messages and their length, flags. Source: recvmsg(2) `struct msghdr`.
    const words = [0n, 0n, koffi.address(vector), 1n, koffi.address(control), BigInt(controlBytes), 0n];
    writeWords(message, wordBytes, words);
    const received = Number(recvmsg(fd, message, MSG_ERRQUEUE | MSG_DONTWAIT));
    if (received < 0) return undefined;
    const filled = Number(readWord(message, wordBytes, 5));
    return { payload: payload.subarray(0, received), control: control.subarray(0, filled), wordBytes };
  };
}

function writeWords(bytes: Uint8Array, wordBytes: number, words: readonly bigint[]): void {
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) {
    if (wordBytes === 8) view.setBigUint64(index * 8, word, isLittleEndian);
    else view.setUint32(index * 4, Number(word), isLittleEndian);
  }
}

function readWord(bytes: Uint8Array, wordBytes: number, index: number): bigint {
  const view = new DataView(bytes.buffer);
  return wordBytes === 8
    ? view.getBigUint64(index * 8, isLittleEndian)
    : BigInt(view.getUint32(index * 4, isLittleEndian));
}
