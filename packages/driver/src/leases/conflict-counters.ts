/** What this process has met of addresses that other hosts have, since its start. Only ever counted up. */
export class ConflictCounters {
  /** Addresses that automatic allocation passed over because another host has them. */
  candidatesSkipped = 0;
  /** Addresses requested by name and refused because another host has them. */
  requestsRefused = 0;
  /** Containers that did not start because another host announced their address between lease and start. */
  joinsRefused = 0;
  /** Addresses found to be announced by another host as well as by this one. */
  conflictsFound = 0;
  /** Those of them that only one host announces any more, or that no container of this host has. */
  conflictsEnded = 0;
  /** Routes withdrawn in favour of another host. */
  yielded = 0;
  /** Withdrawn routes that came back because the other host stopped. */
  resumed = 0;
}
