import type { z } from 'zod';
import { type ContainerControl, dockerContainers } from './containers.ts';
import { EngineApi, type EngineVersion } from './engine-api.ts';
import { type Clock, engineEvents, type EngineNotice, type EventOptions, systemClock } from './events.ts';
import { type DockerNetworks, dockerNetworks } from './networks.ts';

/** A Docker engine. */
export interface DockerEngine {
  readonly containers: ContainerControl;
  readonly networks: DockerNetworks;
  /** The engine's release, and the API version that is spoken with it. @throws DockerError */
  version(signal?: AbortSignal): Promise<EngineVersion>;
  /** Whether it has started: before that it accepts connections and is silent. Never rejects. */
  isUp(): Promise<boolean>;
  /** Asks for anything else, such as `/info`, and checks its shape. @throws DockerError */
  get<T>(path: string, shape: z.ZodType<T>, signal?: AbortSignal): Promise<T>;
  /**
   * What happens in it, until the signal, also across its restarts. Begins with `resync`, and says so again when events
   * may have been missed.
   */
  events(options?: EventOptions): AsyncGenerator<EngineNotice, void, undefined>;
}

/** Where the engine is. */
export interface DockerEngineOptions {
  readonly socketPath: string;
  /** How long it may be silent when it is asked. @defaultValue 10 s */
  readonly timeoutMs?: number;
  /** @defaultValue that of the machine */
  readonly clock?: Clock;
}

/** The engine at a socket. Opens nothing: each call makes a connection of its own. */
export function createDockerEngine(options: DockerEngineOptions): DockerEngine {
  const { socketPath, timeoutMs = 10_000, clock = systemClock } = options;
  const api = new EngineApi(socketPath, timeoutMs);
  return {
    containers: dockerContainers(api),
    networks: dockerNetworks(api),
    version: (signal) => api.version({ what: 'version', signal }),
    isUp: () => api.isUp(),
    get: (path, shape, signal) => api.get({ path, what: path.replace('/', ''), signal }, shape),
    events: (options = {}) => engineEvents(api, clock, options),
  };
}
