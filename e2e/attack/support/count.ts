/** Whether all of an attack is wanted, as in the nightly run, and not only what fits into every run. */
export const IS_FULL = process.env['ROUTED_ATTACK'] === 'all';

/** How often something is tried: `quick` times in every run, `full` times with `ROUTED_ATTACK=all`. */
export function count(quick: number, full: number): number {
  return IS_FULL ? full : quick;
}

/** Says what an attack came to, below the title of the test: what was tried, how often it succeeded. */
export function report(line: string): void {
  console.log(`      attack: ${line}`);
}
