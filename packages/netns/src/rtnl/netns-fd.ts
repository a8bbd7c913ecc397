import { NetlinkError, isNetnsError } from '../errors.ts';
import { invalid } from '../message/validate.ts';
import type { Purpose } from '../socket/channel.ts';
import type { NetnsHandle } from '../types/handles.ts';
import type { Netns } from '../types/netns.ts';

/** A namespace of this machine's kernel, as opposed to a fake one. */
export interface NetnsWithFd extends Netns {
  /** Lends the descriptor of the namespace for the length of `use`; not part of the public interface. */
  lendFd<T>(use: (fd: number) => Promise<T>): Promise<T>;
}

/**
 * Runs `use` with the descriptor of `netns`, which stays open meanwhile; with `undefined` when there is no namespace.
 *
 * @throws {@link NetlinkError} `EINVAL` for a namespace of a fake kernel, `CLOSED`
 */
export async function useNetnsFd<T>(
  netns: NetnsHandle | undefined,
  purpose: Purpose,
  use: (fd: number | undefined) => Promise<T>,
): Promise<T> {
  if (netns === undefined) return use(undefined);
  if (!('lendFd' in netns)) throw invalid(purpose, 'netns', 'not a namespace opened by this library');
  return (netns as NetnsWithFd).lendFd(use).catch((error: unknown) => {
    if (!isNetnsError(error, 'CLOSED')) throw error;
    throw new NetlinkError({ code: 'CLOSED', errno: 0, ...purpose, reason: 'the namespace was closed', cause: error });
  });
}
