/** The one in the middle; of an even number, the greater of the two. */
export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/**
 * What one of three tries took, the one in the middle: a stated time has to hold on a machine with other work as well.
 *
 * @param measure one try, in milliseconds
 */
export async function medianOfThree(measure: () => Promise<number>): Promise<number> {
  const times = [await measure(), await measure(), await measure()];
  console.log(`        ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  return median(times);
}
