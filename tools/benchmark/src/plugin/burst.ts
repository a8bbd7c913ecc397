import { type Callable, inParallel } from './population.ts';

/** How long cycles took that came as fast as they could. */
export interface Burst {
  readonly seconds: number;
  /** Microseconds of every Join. */
  readonly joinUs: readonly number[];
}

/** Endpoints come and go, `parallel` at a time, each on a connection of its own and without pause. */
export async function runBurst(
  host: Callable,
  { parallel, cycles }: { readonly parallel: number; readonly cycles: number },
): Promise<Burst> {
  const joinUs: number[] = [];
  let left = cycles;
  const seconds = await inParallel(host, parallel, async (calls) => {
    if (left-- <= 0) return false;
    const { endpoint, timings } = await calls.up();
    joinUs.push(timings['Join']!);
    await calls.down(endpoint);
    return true;
  });
  return { seconds, joinUs };
}
