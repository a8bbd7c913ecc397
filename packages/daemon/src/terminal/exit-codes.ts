/**
 * What the exit status of a command says. `doctor` has its own for its verdict: 1 for warnings, 2 for something broken.
 *
 * Source: sysexits(3) for those that are not 0 or 1.
 */
export const EXIT_CODE = {
  /** Done, and nothing is wrong. */
  ok: 0,
  /** The command was refused or failed; or it was carried out and found something wrong. */
  problem: 1,
  /** The command line or a variable is not understood: the same again fails again. */
  usage: 64,
  /** The daemon, or Docker, does not answer. */
  unreachable: 69,
  /** The time was over first: the same again may succeed. */
  timeOver: 75,
} as const;

/** The exit status for an error that ends a command: by its code, whether it was met here or in the daemon. */
export function exitCodeOf(error: unknown): number {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (code.startsWith('INVALID_')) return EXIT_CODE.usage;
  return UNREACHABLE.has(code) ? EXIT_CODE.unreachable : EXIT_CODE.problem;
}

const UNREACHABLE: ReadonlySet<string> = new Set([
  ...['DAEMON_UNREACHABLE', 'DOCKER_UNREACHABLE', 'DOCKER_UNSUPPORTED', 'NOT_ROUTED'],
]);
