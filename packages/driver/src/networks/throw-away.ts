/** What ids of networks begin with that `routed-plugin selftest` makes: "selftest" in hexadecimal digits. Docker's own ids are random. */
const MARK = '73656c6674657374';
const PID_DIGITS = 8;
const ID_DIGITS = 64;

/**
 * The id of a network that lives only as long as the process which made it, and that Docker knows nothing of. Pure.
 *
 * @param pid of that process
 * @param random at least 40 hexadecimal digits
 */
export function throwAwayNetworkId(pid: number, random: string): string {
  return `${MARK}${pid.toString(16).padStart(PID_DIGITS, '0')}${random}`.slice(0, ID_DIGITS);
}

/** The process that made a network for its own use; undefined: it is one of Docker's. Pure. */
export function throwAwayOwner(networkId: string): number | undefined {
  if (networkId.length !== ID_DIGITS || !networkId.startsWith(MARK)) return undefined;
  return Number.parseInt(networkId.slice(MARK.length, MARK.length + PID_DIGITS), 16);
}
