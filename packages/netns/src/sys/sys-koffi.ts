import type koffiModule from 'koffi';

import { NetnsError } from '../errors.ts';
import { NS_GET_NSTYPE } from '../uapi/netlink.ts';
import { CallQueue } from './call-queue.ts';
import { ENOBUFS } from './errno.ts';
import { PollWatch } from './poll-watch.ts';
import type { Sys } from './sys.ts';
import { TimerWatch, lacksPoll } from './timer-watch.ts';

type Koffi = typeof koffiModule;
type NativeArgument = number | Uint8Array;
interface NativeFunction {
  (...args: NativeArgument[]): number;
  async(...args: [...NativeArgument[], (error: Error | null, result: number) => void]): void;
}

/** Arguments of the calls under way: the garbage collector must not take a buffer the kernel still uses. */
const inUse = new Set<readonly NativeArgument[]>();
/** koffi refuses the 257th call at once. Half are left to others; the libuv pool has far fewer threads anyway. */
const calls = new CallQueue(128);
let loading: Promise<Sys> | undefined;

/**
 * The system calls through koffi and the C library this process is linked with.
 *
 * Loaded at the first use, so that importing this package works on every platform.
 * @throws {@link NetnsError} `UNSUPPORTED_PLATFORM`
 */
export function loadSys(): Promise<Sys> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Sys> {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') {
    throw new NetnsError('UNSUPPORTED_PLATFORM', platform, 'network namespaces and rtnetlink exist on Linux only');
  }
  try {
    const { default: koffi } = await import('koffi');
    return bindLibc(koffi);
  } catch (error) {
    const advice = 'koffi has no working binary here; install it with its optional dependencies';
    throw new NetnsError('UNSUPPORTED_PLATFORM', platform, advice, error);
  }
}

type Declare = (prototype: string) => NativeFunction;

/** Declared when they are called: few programs do. */
function mounting(declare: Declare, orErrno: (result: number) => number): Pick<Sys, 'mount' | 'unmount'> {
  const none = Uint8Array.of(0);
  const mount =
    'int mount(const void *source, const void *target, const void *type, unsigned long flags, const void *data)';
  const unmount = 'int umount2(const void *target, int flags)';
  return {
    mount: (source, target, type, flags) => orErrno(declare(mount)(source, target, type, flags, none)),
    unmount: (target, flags) => orErrno(declare(unmount)(target, flags)),
  };
}

/** The one place where native prototypes are declared: a wrong one here corrupts memory. Source: the man pages, section 2. */
function bindLibc(koffi: Koffi): Sys {
  const libc = koffi.load(null);
  const declare: Declare = (prototype) => libc.func(prototype) as NativeFunction;
  const socket = declare('int socket(int domain, int type, int protocol)');
  const bind = declare('int bind(int fd, const void *address, unsigned int length)');
  const setsockopt = declare('int setsockopt(int fd, int level, int option, const void *value, unsigned int length)');
  const send = declare('intptr_t send(int fd, const void *buffer, size_t length, int flags)');
  const recv = declare('intptr_t recv(int fd, void *buffer, size_t length, int flags)');
  const close = declare('int close(int fd)');
  const setns = declare('int setns(int fd, int type)');
  const unshare = declare('int unshare(int flags)');
  const ioctl = declare('int ioctl(int fd, unsigned long request)');

  const orErrno = (result: number): number => (result < 0 ? -koffi.errno() : result);
  const callAsync = (native: NativeFunction, ...args: NativeArgument[]): Promise<number> =>
    new Promise((resolve) => {
      const end = (result: number): void => {
        inUse.delete(args);
        resolve(result);
        calls.done();
      };
      calls.run(() => {
        inUse.add(args);
        try {
          // errno is right inside this callback only: one microtask later koffi.errno() is 0.
          native.async(...args, (error, result) => end(error === null ? orErrno(result) : -ENOBUFS));
        } catch {
          // Other users of koffi in this process have taken all there are.
          end(-ENOBUFS);
        }
      });
    });

  return {
    socket: (domain, type, protocol) => orErrno(socket(domain, type, protocol)),
    bind: (fd, address) => orErrno(bind(fd, address, address.length)),
    setsockopt: (fd, level, option, value) => orErrno(setsockopt(fd, level, option, value, value.length)),
    send: (fd, bytes) => orErrno(send(fd, bytes, bytes.length, 0)),
    sendAsync: (fd, bytes) => callAsync(send, fd, bytes, bytes.length, 0),
    receive: (fd, buffer, flags) => orErrno(recv(fd, buffer, buffer.length, flags)),
    receiveAsync: (fd, buffer, flags) => callAsync(recv, fd, buffer, buffer.length, flags),
    close: (fd) => orErrno(close(fd)),
    setns: (fd, type) => orErrno(setns(fd, type)),
    unshare: (flags) => orErrno(unshare(flags)),
    ...mounting(declare, orErrno),
    namespaceType: (fd) => orErrno(ioctl(fd, NS_GET_NSTYPE)),
    watch: (fd, onReadable) =>
      lacksPoll
        ? new TimerWatch(onReadable)
        : new PollWatch((listener) => koffi.node.poll(fd, { readable: true }, listener), onReadable),
  };
}
