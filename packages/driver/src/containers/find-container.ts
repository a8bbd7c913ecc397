import type { Container, ContainerNetwork, DockerContainers } from '@routed/docker-engine';
import { closest, excerpt } from '@routed/text';
import { DriverError } from '../ground/errors.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';

const MIN_ID_DIGITS = 4;

/**
 * The container that a user means: by its name, or by its id or the start of it, as Docker's own commands take it. Pure.
 *
 * @throws DriverError CONTAINER_AMBIGUOUS, CONTAINER_UNKNOWN with names that start alike, or else with the closest one
 */
export function findContainer(containers: readonly Container[], reference: string): Container {
  const named = containers.find(({ id, name }) => name === reference || id === reference);
  if (named !== undefined) return named;
  const isIdStart = new RegExp(`^[0-9a-f]{${MIN_ID_DIGITS},}$`).test(reference);
  const started = isIdStart ? containers.filter(({ id }) => id.startsWith(reference)) : [];
  const [first, second] = started;
  if (first !== undefined && second === undefined) return first;
  if (first !== undefined) {
    throw new DriverError(
      'CONTAINER_AMBIGUOUS',
      `container ${excerpt(reference)}: several ids match (${listOf(started)}): give more digits of the id, or the name`,
    );
  }
  const near = closest(
    reference,
    containers.map(({ name }) => name),
  );
  const startAlike = containers.filter(({ name }) => name.startsWith(reference));
  const alike = startAlike.length > 0 ? startAlike : containers.filter(({ name }) => name === near);
  const hint = alike.length === 0 ? '; "docker ps --all" lists them' : `; did you mean ${listOf(alike)}?`;
  throw new DriverError('CONTAINER_UNKNOWN', `container ${excerpt(reference)} is not known to Docker${hint}`);
}

/**
 * {@link findContainer}, asked of Docker: first by name, since most commands name one, and Docker's whole list takes the
 * longer the more containers there are.
 *
 * @throws DriverError CONTAINER_AMBIGUOUS, CONTAINER_UNKNOWN, DOCKER_UNREACHABLE
 */
export async function askForContainer(docker: Pick<DockerContainers, 'list'>, reference: string): Promise<Container> {
  const named = (await docker.list(reference)).find(({ name }) => name === reference);
  return named ?? findContainer(await docker.list(), reference);
}

/**
 * What a container has of routed networks: of all of them, or of the one with this name.
 *
 * @throws DriverError NETWORK_UNKNOWN when it is on none
 */
export function membershipsOf(
  { name, networks: on }: Container,
  networks: Pick<NetworkRegistry, 'get'>,
  networkName?: string,
): readonly ContainerNetwork[] {
  const ours = on.filter(({ networkId }) => networks.get(networkId) !== undefined);
  const meant = ours.filter((one) => networkName === undefined || one.networkName === networkName);
  if (meant.length > 0) return meant;
  const known = ours.map((one) => one.networkName).join(', ') || 'none';
  const which = networkName === undefined ? 'any routed network' : `a routed network "${networkName}"`;
  throw new DriverError('NETWORK_UNKNOWN', `container ${name} is not on ${which} (on: ${known})`);
}

function listOf(containers: readonly Container[]): string {
  const texts = containers.map(({ id, name }) => `${name} (${id.slice(0, 12)})`);
  return texts.length > 5 ? `${texts.slice(0, 5).join(', ')} and ${texts.length - 5} more` : texts.join(', ');
}
