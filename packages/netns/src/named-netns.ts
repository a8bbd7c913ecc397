import type { Netns } from './types/netns.ts';

/**
 * Creates a namespace with a name, as `ip netns add` does; other programs find it by that name. Its loopback link is down.
 *
 * @throws {@link NetnsError} `FAILED` when the name is taken or mounting fails, `INVALID_ARGUMENT`, `NOT_PERMITTED`
 */
export async function createNamedNetns(name: string): Promise<Netns> {
  const { createNamed } = await import('./netns/named.ts');
  return createNamed(name);
}

/**
 * Takes the name away, as `ip netns delete` does. The namespace lives on while a process or an open handle is in it.
 *
 * @returns `false`: there was none
 * @throws {@link NetnsError} `FAILED` when unmounting fails, `INVALID_ARGUMENT`, `NOT_PERMITTED`
 */
export async function deleteNamedNetns(name: string): Promise<boolean> {
  const { deleteNamed } = await import('./netns/named.ts');
  return deleteNamed(name);
}

/** The names below /run/netns, in alphabetical order, as `ip netns list` shows them. */
export async function listNamedNetns(): Promise<readonly string[]> {
  const { listNamed } = await import('./netns/named.ts');
  return listNamed();
}
