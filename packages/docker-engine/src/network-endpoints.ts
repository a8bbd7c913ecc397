import { z } from 'zod';
import type { EngineApi, EngineRequest } from './engine-api.ts';

/** The container that has an endpoint. */
export interface Owner {
  readonly id: string;
  readonly name: string;
  /** The name of the network. */
  readonly network: string;
}

/** An endpoint of a network; without owner until a container has it. */
interface NetworkEndpoint {
  readonly endpointId: string;
  readonly owner?: Owner;
}

/** By container, or by `ep-` and the endpoint where there is none. Source: Docker Engine API, NetworkInspect. */
const attached = z.object({ EndpointID: z.string(), Name: z.string() });
const networkInspect = {
  member: 'Containers',
  element: z.tuple([z.string(), attached]),
  rest: z.object({ Name: z.string(), Containers: z.record(z.string(), z.never()).nullable() }),
} as const;

/** The endpoints of a network; none of one that Docker removes. @throws DockerError */
export async function networkEndpoints(
  api: EngineApi,
  { networkId, ...request }: Omit<EngineRequest, 'path'> & { readonly networkId: string },
): Promise<readonly NetworkEndpoint[]> {
  const path = `/networks/${encodeURIComponent(networkId)}`;
  const { elements = [], rest } = (await api.list({ ...request, path }, networkInspect)) ?? {};
  return elements.map(([id, { EndpointID: endpointId, Name: name }]): NetworkEndpoint => {
    return id.startsWith('ep-') || rest === undefined
      ? { endpointId }
      : { endpointId, owner: { id, name, network: rest.Name } };
  });
}
