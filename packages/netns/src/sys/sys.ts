/** A file descriptor that tells when it can be read. */
export interface Watch {
  /** Lets the process end although the watch is open. */
  unref(): void;
  /** Call before closing the descriptor. */
  close(): void;
}

/**
 * The system calls this library needs, and the seam for another FFI.
 *
 * Every call returns what the kernel returns: a negative errno for failure, like a raw system call.
 * Only the calls named `...Async` run off the event loop; the caller leaves their buffer alone meanwhile.
 */
export interface Sys {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array): number;
  send(fd: number, bytes: Uint8Array): number;
  sendAsync(fd: number, bytes: Uint8Array): Promise<number>;
  receive(fd: number, buffer: Uint8Array, flags: number): number;
  receiveAsync(fd: number, buffer: Uint8Array, flags: number): Promise<number>;
  close(fd: number): number;
  /** Moves the calling thread: only ever inside `inNetns`. */
  setns(fd: number, type: number): number;
  unshare(flags: number): number;
  /** Texts end with a zero byte. Source: mount(2) */
  mount(source: Uint8Array, target: Uint8Array, type: Uint8Array, flags: number): number;
  /** Source: umount2(2) */
  unmount(target: Uint8Array, flags: number): number;
  /** Clone flag of the namespace that `fd` is: `CLONE_NEWNET` for a network namespace. */
  namespaceType(fd: number): number;
  /**
   * Calls `onReadable` from a callback scope of the event loop whenever `fd` can be read or has an
   * error pending; the listener reads until `EAGAIN`.
   */
  watch(fd: number, onReadable: () => void): Watch;
}
