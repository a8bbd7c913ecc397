/** What this process has met of addresses that other hosts have, since its start. Only ever counted up. */
export interface ConflictCounters {
  /** Addresses that automatic allocation passed over because another host has them. */
  candidatesSkipped: number;
  /** Addresses requested by name and refused because another host has them. */
  requestsRefused: number;
  /** Containers that did not start because another host announced their address between lease and start. */
  joinsRefused: number;
  /** Addresses found to be announced by another host as well as by this one. */
  conflictsFound: number;
  /** Those of them that only one host announces any more, or that no container of this host has. */
  conflictsEnded: number;
  /** Routes withdrawn in favour of another host. */
  yielded: number;
  /** Withdrawn routes that came back because the other host stopped. */
  resumed: number;
}

/** Counts at the start of a process. */
export function conflictCounters(): ConflictCounters {
  return {
    candidatesSkipped: 0,
    requestsRefused: 0,
    joinsRefused: 0,
    conflictsFound: 0,
    conflictsEnded: 0,
    yielded: 0,
    resumed: 0,
  };
}
