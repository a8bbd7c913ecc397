import { z } from 'zod';
import { askUnixServer, type UnixReply } from './unix-http.ts';
import { unreachable } from './unreachable.ts';

/** A container's part in a network. */
export interface ContainerNetwork {
  readonly networkName: string;
  /** Empty for a container that was never started. */
  readonly networkId: string;
  /** Empty while the container does not run. */
  readonly endpointId: string;
}

/** A container as Docker lists it. */
export interface Container {
  readonly id: string;
  /** Without the slash. */
  readonly name: string;
  readonly networks: readonly ContainerNetwork[];
}

/** The container that has an endpoint. */
export type Owner = Pick<Container, 'id' | 'name'>;

/** What Docker says of its containers. Never asked inside a plugin call: Docker may be waiting for that one. */
export interface DockerContainers {
  /**
   * All of them, also those that do not run; with a name the one that has it may come alone, which is sooner.
   *
   * @throws DockerError DOCKER_UNREACHABLE
   */
  list(name?: string): Promise<readonly Container[]>;
  /**
   * The containers that have the endpoints of a network, by endpoint.
   *
   * Docker names them from the moment that Join is answered (28: that the container has its addresses), while it says in
   * {@link list} only once the container runs, up to half a second later: measured on 20.10, 26 and 28.
   *
   * @throws DockerError DOCKER_UNREACHABLE
   */
  owners(networkId: string): Promise<ReadonlyMap<string, Owner>>;
}

const ANSWER_TIMEOUT_MS = 10_000;

/** Source: Docker Engine API, ContainerList. */
const containerList = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()),
    NetworkSettings: z
      .object({ Networks: z.record(z.string(), z.object({ NetworkID: z.string(), EndpointID: z.string() })).nullish() })
      .nullish(),
  }),
);

/** Source: Docker Engine API, NetworkInspect. An endpoint of no container is under `ep-` and its own id. */
const networkInspect = z.object({
  Containers: z.record(z.string(), z.object({ EndpointID: z.string(), Name: z.string() })).nullish(),
});

/**
 * Asks the engine at this socket. The list is one of the calls that wait for no container.
 *
 * Source: Docker Engine API, GET /containers/json.
 */
export function dockerContainers(socketPath: string): DockerContainers {
  const ask = async (path: string): Promise<UnixReply> =>
    await askUnixServer({ socketPath, method: 'GET', path, timeoutMs: ANSWER_TIMEOUT_MS }).catch((error: unknown) => {
      throw unreachable('containers', socketPath, (error as Error).message, error);
    });
  return {
    list: async (name) => {
      const reply = await ask(`/containers/json?all=1${filterOf(name)}`);
      const parsed = containerList.safeParse(reply.body);
      if (reply.status !== 200 || !parsed.success)
        throw unreachable('containers', socketPath, `it answered ${reply.status}`);
      return parsed.data.map(({ Id, Names, NetworkSettings }) => ({
        id: Id,
        name: ownName(Names) ?? Id.slice(0, 12),
        networks: Object.entries(NetworkSettings?.Networks ?? {}).map(([networkName, { NetworkID, EndpointID }]) => ({
          networkName,
          networkId: NetworkID,
          endpointId: EndpointID,
        })),
      }));
    },
    owners: async (networkId) => {
      const reply = await ask(`/networks/${networkId}`);
      // A network that Docker removes has no containers.
      if (reply.status === 404) return new Map();
      const parsed = networkInspect.safeParse(reply.body);
      if (reply.status !== 200 || !parsed.success)
        throw unreachable('containers', socketPath, `it answered ${reply.status}`);
      const containers = Object.entries(parsed.data.Containers ?? {}).filter(([id]) => !id.startsWith('ep-'));
      return new Map(containers.map(([id, { EndpointID, Name: name }]) => [EndpointID, { id, name }]));
    },
  };
}

/**
 * The container's own name, without the slash. `--link` gives it others, in the order of a Go map: `/app/db` is what
 * the container `app` calls it.
 *
 * Source: moby daemon/list.go, daemon/links.go.
 */
function ownName(names: readonly string[]): string | undefined {
  return names.find((name) => /^\/?[^/]+$/.test(name))?.replace('/', '');
}

/** Docker takes a regular expression: on a host with 150 containers its answer takes a fifth of the time. */
function filterOf(name: string | undefined): string {
  if (name === undefined || !/^[A-Za-z0-9][\w.-]+$/.test(name)) return '';
  const pattern = `^/?${name.replaceAll('.', '\\.')}$`;
  return `&filters=${encodeURIComponent(JSON.stringify({ name: [pattern] }))}`;
}

const PING_TIMEOUT_MS = 1_000;

/** Whether a Docker engine has started: before that it accepts connections and is silent. Never rejects. */
export async function isEngineUp(socketPath: string): Promise<boolean> {
  const ping = { socketPath, method: 'GET', path: '/_ping', timeoutMs: PING_TIMEOUT_MS } as const;
  return await askUnixServer(ping).then(
    ({ status }) => status === 200,
    () => false,
  );
}
