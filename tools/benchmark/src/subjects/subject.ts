import type { Timings } from '../plugin/docker-calls.ts';

/**
 * One way to give a container its link and its route, and to take them away again.
 *
 * Every subject times its own steps, and the sums `up` and `down`, by which subjects are compared.
 */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  /** One endpoint comes and goes. */
  cycle(): Promise<Timings>;
  /** Returns when what the last cycle left to the background is done, with how long that took if it is of interest. */
  settle(): Promise<Timings>;
}
