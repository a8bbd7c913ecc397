import type { PluginHost } from '../plugin/plugin-host.ts';

/** How long cycles took that came as fast as they could. */
export interface Burst {
  readonly seconds: number;
  /** Microseconds of every Join. */
  readonly joinUs: readonly number[];
}

/** Endpoints come and go, `parallel` at a time, each on a connection of its own and without pause. */
export async function runBurst(
  host: PluginHost,
  { parallel, cycles }: { readonly parallel: number; readonly cycles: number },
): Promise<Burst> {
  const connections = await Promise.all(Array.from({ length: parallel }, () => host.connect()));
  const joinUs: number[] = [];
  let left = cycles;
  const started = performance.now();
  await Promise.all(
    connections.map(async (calls) => {
      while (left-- > 0) {
        const { endpoint, timings } = await calls.up();
        joinUs.push(timings['Join']!);
        await calls.down(endpoint);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const calls of connections) calls.close();
  return { seconds, joinUs };
}
