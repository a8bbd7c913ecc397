/** How often drains began and ended since the start of the daemon. */
export class DrainCounters {
  /** Of endpoints, by `routed-plugin drain CONTAINER` and `undrain`. */
  readonly endpoint = { begun: 0, ended: 0 };
  /** Of the whole host. */
  readonly host = { begun: 0, ended: 0 };
  /**
   * Of containers with `routed.drain` that were told to stop. `empty`: no connection was left; `timeOver`: some may have been;
   * `ended`: the container ended, or was started again, before its drain signal.
   */
  readonly stop = { begun: 0, empty: 0, timeOver: 0, ended: 0 };
}
