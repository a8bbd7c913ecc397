import { z } from 'zod';
import { askUnixServer } from '../unix-http.ts';
import { unreachable } from './docker-unreachable.ts';

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

/** What Docker says of its containers. Never asked inside a plugin call: Docker may be waiting for that one. */
export interface DockerContainers {
  /**
   * All of them, also those that do not run; with a name the one that has it may come alone, which is sooner.
   *
   * @throws RoutedError DOCKER_UNREACHABLE
   */
  list(name?: string): Promise<readonly Container[]>;
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

/**
 * Asks the engine at this socket. The list is one of the calls that wait for no container.
 *
 * Source: Docker Engine API, GET /containers/json.
 */
export function dockerContainers(socketPath: string): DockerContainers {
  return {
    list: async (name) => {
      const reply = await askUnixServer({
        socketPath,
        method: 'GET',
        path: `/containers/json?all=1${filterOf(name)}`,
        timeoutMs: ANSWER_TIMEOUT_MS,
      }).catch((error: unknown) => {
        throw unreachable('containers', socketPath, (error as Error).message, error);
      });
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
