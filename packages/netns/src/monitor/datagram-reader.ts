import { EAGAIN, EINTR, ENOBUFS } from '../sys/errno.ts';
import type { Sys, Watch } from '../sys/sys.ts';
import { MSG_DONTWAIT } from '../uapi/netlink.ts';

/** The kernel makes no notification longer than this. */
const RECEIVE_BYTES = 32_768;
/** At about 10 us each, this many datagrams keep the event loop busy for a millisecond; then it gets its turn. */
const DATAGRAMS_PER_TURN = 100;

/** What becomes of what a {@link DatagramReader} reads. */
export interface DatagramListener {
  /** `datagram` is a view, valid until this returns. */
  onDatagram(datagram: Uint8Array): void;
  /** The kernel had to drop some, which were newer than all that were read before; what comes from now on is whole again. */
  onOverrun(): void;
  /** The socket failed for good and was closed. */
  onFailure(errno: number): void;
}

/** Reads the datagrams of a multicast socket as they come. */
export class DatagramReader {
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #listener: DatagramListener;
  readonly #watch: Watch;
  readonly #buffer: Uint8Array;
  #isClosed = false;
  #isContinuing = false;
  #hasOverrun = false;

  /** Takes over `fd`, a bound socket. What is longer than `receiveBytes` is cut off. */
  constructor(sys: Sys, fd: number, listener: DatagramListener, receiveBytes: number = RECEIVE_BYTES) {
    this.#buffer = new Uint8Array(receiveBytes);
    this.#sys = sys;
    this.#fd = fd;
    this.#listener = listener;
    this.#watch = sys.watch(fd, () => {
      if (!this.#isContinuing) this.#drain();
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Lets the process end although the reader is open. */
  unref(): void {
    this.#watch.unref();
  }

  /** Nothing is read after the call. May be repeated. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch.close();
    this.#sys.close(this.#fd);
  }

  #drain(): void {
    this.#isContinuing = true;
    let isEmpty = false;
    try {
      for (let count = 0; count < DATAGRAMS_PER_TURN && !isEmpty && !this.#isClosed; count++) {
        isEmpty = !this.#receive();
      }
    } finally {
      // Also after a listener that threw: what is queued would wait for the next event otherwise.
      this.#isContinuing = !isEmpty && !this.#isClosed;
      if (this.#isContinuing) setImmediate(() => this.#drain());
    }
  }

  /** Handles one datagram; false: there is none. */
  #receive(): boolean {
    const length = this.#sys.receive(this.#fd, this.#buffer, MSG_DONTWAIT);
    if (length >= 0) this.#listener.onDatagram(this.#buffer.subarray(0, length));
    else if (length === -ENOBUFS) this.#hasOverrun = true;
    else if (length !== -EINTR) return this.#failUnlessEmpty(-length);
    return true;
  }

  #failUnlessEmpty(errno: number): false {
    if (errno === EAGAIN) {
      // Until its queue is empty, the kernel drops what comes without another error: net/netlink/af_netlink.c NETLINK_S_CONGESTED.
      const hasOverrun = this.#hasOverrun;
      this.#hasOverrun = false;
      if (hasOverrun) this.#listener.onOverrun();
      return false;
    }
    this.close();
    this.#listener.onFailure(errno);
    return false;
  }
}
