import type { DockerCalls, LiveEndpoint } from './docker-calls.ts';
import type { PluginHost } from './plugin-host.ts';

/** Where Docker's calls can be made: the plugin's host, or another server of them. */
export type Callable = Pick<PluginHost, 'connect'>;

/** Runs `task` again and again on each of so many connections, until it returns false there; returns the seconds. */
export async function inParallel(
  host: Callable,
  parallel: number,
  task: (calls: DockerCalls) => Promise<boolean>,
): Promise<number> {
  const connections = await Promise.all(Array.from({ length: parallel }, () => host.connect()));
  const started = performance.now();
  await Promise.all(
    connections.map(async (calls) => {
      while (await task(calls));
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const calls of connections) calls.close();
  return seconds;
}

/** Endpoints that came, and how long they took together. */
export interface Raised {
  readonly endpoints: readonly LiveEndpoint[];
  readonly seconds: number;
}

/** So many endpoints come and stay. */
export async function raise(host: PluginHost, count: number, parallel = 8): Promise<Raised> {
  const endpoints: LiveEndpoint[] = [];
  let left = count;
  const seconds = await inParallel(host, parallel, async (calls) => {
    if (left-- <= 0) return false;
    endpoints.push((await calls.up()).endpoint);
    return true;
  });
  return { endpoints, seconds };
}

/** Endpoints that went, and how long they took together. */
export interface Lowered {
  readonly deleteUs: readonly number[];
  readonly seconds: number;
}

/** The endpoints go, as fast as they can; their links may outlive the call. */
export async function lower(
  host: PluginHost,
  endpoints: readonly LiveEndpoint[],
  parallel = 8,
  onDeleted?: (id: string) => void,
): Promise<Lowered> {
  const left = [...endpoints];
  const deleteUs: number[] = [];
  const seconds = await inParallel(host, parallel, async (calls) => {
    const endpoint = left.pop();
    if (endpoint === undefined) return false;
    deleteUs.push((await calls.down(endpoint, onDeleted))['DeleteEndpoint']!);
    return true;
  });
  return { deleteUs, seconds };
}
