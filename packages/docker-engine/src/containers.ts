import { z } from 'zod';
import type { EngineApi } from './engine-api.ts';
import { networkEndpoints, type Owner } from './network-endpoints.ts';
import { StartingContainer, type StartQuestion } from './starting-container.ts';

/** A container's part in a network. */
export interface ContainerNetwork {
  readonly networkName: string;
  /** Empty for a container that was never started. */
  readonly networkId: string;
  /** Empty while the container does not run. */
  readonly endpointId: string;
  /** What `driver-opt` said; absent: nothing, or Docker's list was asked, which leaves it out. */
  readonly options?: Readonly<Record<string, string>>;
}

/** A container as Docker lists it. */
export interface Container {
  readonly id: string;
  /** Without the slash. */
  readonly name: string;
  readonly networks: readonly ContainerNetwork[];
}

/** A container as `docker inspect` shows it. */
export interface ContainerDetails extends Container {
  readonly status: string;
  readonly isRunning: boolean;
  /** A paused container runs. */
  readonly isPaused: boolean;
  /** Absent for a container without HEALTHCHECK. */
  readonly health?: 'starting' | 'healthy' | 'unhealthy';
  /** When it was started last, in milliseconds since 1970; negative: never. */
  readonly startedAtMs: number;
  /** With which `docker stop` ends it; empty for SIGTERM. */
  readonly stopSignal: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The name servers of `--dns`; absent: none were given. */
  readonly dns?: readonly string[];
}

/** What Docker says of its containers. Never asked inside a plugin call: Docker may be waiting for that one. */
export interface DockerContainers {
  /**
   * All of them, also those that do not run; with a name the one that has it may come alone, which is sooner.
   *
   * @throws DockerError
   */
  list(name?: string): Promise<readonly Container[]>;
  /**
   * The containers that have the endpoints of a network, by endpoint.
   *
   * Docker names them from the moment that Join is answered (28: that the container has its addresses), while it says in
   * {@link list} only once the container runs, up to half a second later: measured on 20.10, 26 and 28.
   *
   * @throws DockerError
   */
  owners(networkId: string): Promise<ReadonlyMap<string, Owner>>;
}

/** The same, for one that also looks into containers and stops them. */
export interface ContainerControl extends DockerContainers {
  /** One of them, by id or name; undefined when there is none. @throws DockerError */
  inspect(id: string, signal?: AbortSignal): Promise<ContainerDetails | undefined>;
  /**
   * Sends a signal to its first process. Returns false for a container that is gone or does not run.
   *
   * @throws DockerError DOCKER_REFUSED for a signal that Docker does not know
   */
  kill(id: string, signalName: string, signal?: AbortSignal): Promise<boolean>;
  /**
   * The id of the container that Docker is starting on a network, or connecting to it; undefined when that is not certain. The one
   * question that is asked inside a plugin call: for a second and a half at most. Never rejects.
   */
  starting(question: StartQuestion): Promise<string | undefined>;
}

const driverOptions = z.record(z.string(), z.string()).nullish();
const onNetwork = z.object({ NetworkID: z.string(), EndpointID: z.string(), DriverOpts: driverOptions });
const networkSettings = z
  .object({ Networks: z.record(z.string(), onNetwork).nullish() })
  .nullish()
  .transform((settings): readonly ContainerNetwork[] =>
    Object.entries(settings?.Networks ?? {}).map(([networkName, { NetworkID, EndpointID, DriverOpts: options }]) => {
      return {
        networkName,
        networkId: NetworkID,
        endpointId: EndpointID,
        ...(options !== undefined && options !== null && { options }),
      };
    }),
  );

/** Source: Docker Engine API, ContainerList. */
const containerList = {
  element: z
    .object({ Id: z.string(), Names: z.array(z.string()), NetworkSettings: networkSettings })
    .transform(({ Id: id, Names, NetworkSettings: networks }): Container => {
      return { id, name: ownName(Names) ?? id.slice(0, 12), networks };
    }),
  rest: z.tuple([]),
} as const;

/** Source: Docker Engine API, ContainerInspect. Health is `none` where a HEALTHCHECK of the image is switched off. */
const containerInspect = z
  .object({
    Id: z.string(),
    Name: z.string(),
    State: z.object({
      Status: z.string(),
      Running: z.boolean(),
      Paused: z.boolean(),
      StartedAt: z.string(),
      Health: z.object({ Status: z.enum(['none', 'starting', 'healthy', 'unhealthy', '']) }).nullish(),
    }),
    Config: z.object({ StopSignal: z.string().nullish(), Labels: z.record(z.string(), z.string()).nullish() }),
    HostConfig: z.object({ Dns: z.array(z.string()).nullish() }).nullish(),
    NetworkSettings: networkSettings,
  })
  .transform(({ Id: id, Name, State, Config, HostConfig, NetworkSettings: networks }): ContainerDetails => {
    const dns = HostConfig?.Dns ?? [];
    const health = State.Health?.Status;
    return {
      id,
      name: Name.replace('/', ''),
      networks,
      status: State.Status,
      isRunning: State.Running,
      isPaused: State.Paused,
      startedAtMs: Date.parse(State.StartedAt),
      ...(health === undefined || health === 'none' || health === '' ? {} : { health }),
      stopSignal: Config.StopSignal ?? '',
      labels: Config.Labels ?? {},
      ...(dns.length > 0 && { dns }),
    };
  });

const WHAT = 'containers';

/** Asks this engine. The list is one of the calls that wait for no container. */
export function dockerContainers(api: EngineApi): ContainerControl {
  const start = new StartingContainer(api);
  return {
    starting: (question) => start.find(question),
    list: async (name) => {
      const request = { path: `/containers/json?all=1${filterOf(name)}`, what: WHAT };
      const list = await api.list(request, containerList);
      if (list === undefined) throw api.unreachable(WHAT, 'it answered 404');
      return list.elements;
    },
    inspect: (id, signal) => {
      const request = { path: `/containers/${encodeURIComponent(id)}/json`, what: WHAT, signal };
      return api.get(request, containerInspect.nullable(), null).then((found) => found ?? undefined);
    },
    kill: async (id, signalName, signal) => {
      const path = `/containers/${encodeURIComponent(id)}/kill?signal=${encodeURIComponent(signalName)}`;
      const reply = await api.ask({ method: 'POST', path, what: WHAT, signal });
      if (reply.status === 204) return true;
      if (reply.status === 404 || reply.status === 409) return false;
      throw api.refused(WHAT, reply);
    },
    owners: async (networkId) => {
      const owners = new Map<string, Owner>();
      for (const { endpointId, owner } of await networkEndpoints(api, { networkId, what: WHAT })) {
        if (owner !== undefined) owners.set(endpointId, owner);
      }
      return owners;
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
