/** How much of a server may be used at once. Who exceeds a limit is refused; nobody else notices. */
export interface ServerLimits {
  /** Connections at once. */
  readonly connections: number;
  /**
   * Which one is closed when there is one more: the one without a call for longest, so that nobody shuts others out by
   * keeping connections; or the new one.
   */
  readonly evictsIdle: boolean;
  /** Calls under way at once; a further one is answered with 503. */
  readonly calls: number;
  /** Request line and headers, in bytes; longer ones are answered with 431. */
  readonly headerBytes: number;
  /** How long a request may take to arrive, in milliseconds; a slower one is answered with 408. */
  readonly requestTimeoutMs: number;
  /** How long a connection may be idle between two requests, in milliseconds; 0 is for ever. */
  readonly idleTimeoutMs: number;
  /** How long nothing may pass on a connection while a call is under way, in milliseconds; 0 is for ever. */
  readonly stallTimeoutMs: number;
}

/** Docker's headers have 300 bytes. */
const HEADER_BYTES = 8 * 1024;

/**
 * Docker starts hundreds of containers at once after a boot, and every one has a call that waits for the daemon's start.
 * It keeps connections for later, and repeats a call in vain when one is taken from it.
 */
export const PLUGIN_LIMITS: ServerLimits = {
  connections: 4096,
  evictsIdle: false,
  calls: 2048,
  headerBytes: HEADER_BYTES,
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 0,
  stallTimeoutMs: 0,
};

/** Operators, their scripts, and who follows events: that one may be silent for long. */
export const ADMIN_LIMITS: ServerLimits = {
  connections: 256,
  evictsIdle: true,
  calls: 128,
  headerBytes: HEADER_BYTES,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  stallTimeoutMs: 0,
};

/** A browser opens six connections, one of which stays for what happens; whoever may be reached from elsewhere gets no more. */
export const WEB_LIMITS: ServerLimits = {
  connections: 128,
  evictsIdle: true,
  calls: 64,
  headerBytes: HEADER_BYTES,
  requestTimeoutMs: 5_000,
  idleTimeoutMs: 15_000,
  stallTimeoutMs: 15_000,
};

/** Every local user reaches the port: a few watchers get in, and nobody occupies it by being slow, or by staying. */
export const METRICS_LIMITS: ServerLimits = {
  connections: 64,
  evictsIdle: true,
  calls: 8,
  headerBytes: HEADER_BYTES,
  requestTimeoutMs: 5_000,
  idleTimeoutMs: 5_000,
  stallTimeoutMs: 10_000,
};
