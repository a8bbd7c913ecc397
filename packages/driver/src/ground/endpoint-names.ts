import type { ContainerControl } from '@routed/docker-engine';

/** What people call the container and the network of an endpoint, as far as Docker has said it. */
export interface EndpointNames {
  readonly container: string;
  readonly network: string;
}

/** As many endpoints as the journal has entries: those that Docker named longest ago are forgotten. */
const CAPACITY = 10_000;

/** The names that Docker has told lately, by endpoint: also of endpoints that are gone. */
export class NameBook {
  readonly #names = new Map<string, EndpointNames>();

  of(endpointId: string): EndpointNames | undefined {
    return this.#names.get(endpointId);
  }

  note(endpointId: string, names: EndpointNames): void {
    if (endpointId === '') return;
    this.#names.delete(endpointId);
    this.#names.set(endpointId, names);
    const [oldest] = this.#names.keys();
    if (this.#names.size > CAPACITY && oldest !== undefined) this.#names.delete(oldest);
  }
}

type Docker = Pick<ContainerControl, 'list' | 'owners' | 'inspect' | 'kill' | 'starting'>;

/** Docker, with each name that it tells noted. */
export function noteNames(docker: Docker, names: Pick<NameBook, 'note'>): Docker {
  const noteAll = ({ name: container, networks }: Awaited<ReturnType<Docker['list']>>[number]): void => {
    for (const { endpointId, networkName: network } of networks) names.note(endpointId, { container, network });
  };
  return {
    list: async (name) => {
      const containers = await docker.list(name);
      containers.forEach(noteAll);
      return containers;
    },
    inspect: async (id, signal) => {
      const container = await docker.inspect(id, signal);
      if (container !== undefined) noteAll(container);
      return container;
    },
    owners: async (networkId) => {
      const owners = await docker.owners(networkId);
      for (const [endpointId, { name: container, network }] of owners) names.note(endpointId, { container, network });
      return owners;
    },
    starting: (question) => docker.starting(question),
    kill: (id, signalName, signal) => docker.kill(id, signalName, signal),
  };
}
