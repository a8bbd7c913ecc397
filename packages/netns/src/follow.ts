import type { FollowEvent, FollowOptions, Followed, FollowedRows } from './types/follow.ts';

/**
 * Reports what there is, then every change, without a gap: it listens first and lists then.
 *
 * The first event is `snapshot`. Each later one changes one row; a change that is already part of what was reported is left
 * out, and so is a lifetime that alone is new. When the kernel had to drop events, or the loop is slow and very many wait,
 * `resync` has all rows anew. What the kernel changes without an event, such as the IPv4 routes that go with a link, is
 * found by listing again. Not found so: the alias or queue length of a link that is down, which the kernel announces with
 * that link's next event, and the states of a neighbour on the way to being reachable.
 *
 * Nothing is opened before the first event is asked for. Leaving the loop closes everything.
 *
 * @throws {@link NetlinkError} `ABORTED`; `EINVAL` for a filter that is not understood; `EINTR` for a table that changes so
 * fast that it cannot be listed
 * @throws {@link NetnsError} as `openMonitor`
 */
export async function* follow<Of extends Followed>(
  of: Of,
  options: FollowOptions<Of> = {},
): AsyncGenerator<FollowEvent<FollowedRows[Of]>, void, undefined> {
  const { followRows } = await import('./follow/follow-rows.ts');
  yield* followRows(of, options);
}
