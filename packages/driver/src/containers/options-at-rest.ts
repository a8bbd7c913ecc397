import type { Container, ContainerControl, ContainerNetwork } from '@routed/docker-engine';
import type { EndpointOptions } from '../networks/options.ts';
import { parseEndpointOptions } from '../networks/parse-options.ts';

/**
 * The container with the options that it was created with, where it does not run: what has no endpoint has none on record.
 *
 * @throws DockerError
 */
export async function withOptions(docker: Pick<ContainerControl, 'inspect'>, container: Container): Promise<Container> {
  if (container.networks.every(({ endpointId }) => endpointId !== '')) return container;
  return (await docker.inspect(container.id)) ?? container;
}

/** What a container was created with for a network: nothing where Docker was not asked, or where its next start fails for it. */
export function ownOptionsOf({ options = {} }: ContainerNetwork): Partial<EndpointOptions> {
  try {
    return parseEndpointOptions(options);
  } catch {
    return {};
  }
}
