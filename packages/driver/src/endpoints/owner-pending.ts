import { type Direction, DIRECTIONS } from '@routed/netfilter';
import type { Endpoint } from './endpoint.ts';

/** What closes an endpoint in each direction until it is known whose it is. */
const PENDING = { ingress: 'isOwnerPending', egress: 'isEgressPending' } as const satisfies Record<
  Direction,
  keyof Endpoint
>;

/** Whether the endpoint is closed in a direction until it is known whose it is. */
export function isPending(endpoint: Endpoint | undefined, direction: Direction): boolean {
  return endpoint?.[PENDING[direction]] === true;
}

/** The endpoint, closed in these directions until it is known whose it is. Pure. */
export function withPendingOwner(endpoint: Endpoint, directions: readonly Direction[]): Endpoint {
  return { ...endpoint, ...Object.fromEntries(directions.map((direction) => [PENDING[direction], true])) };
}

/** The endpoint with the lists that it has of its own, now that it is known whose it is. Pure. */
export function withKnownOwner(endpoint: Endpoint): Endpoint {
  return DIRECTIONS.reduce(withoutPending, endpoint);
}

/**
 * The endpoint with another list, its operator's; `any`, or absent: everybody is allowed. Pure.
 *
 * An endpoint of an isolated network keeps `any`: without a list it is closed to others.
 */
export function withList(endpoint: Endpoint, direction: Direction, given: string | undefined): Endpoint {
  const list = ownList(endpoint, direction, given);
  const known = withoutPending(endpoint, direction);
  const { [direction]: former, ...open } = known;
  if (former === list) return known;
  return list === undefined ? open : { ...open, [direction]: list };
}

/** What an endpoint has as its own list where an operator gives its container one. Pure. */
export function ownList(
  { insiders }: Pick<Endpoint, 'insiders'>,
  direction: Direction,
  given: string | undefined,
): string | undefined {
  const isKept = direction === 'ingress' && insiders !== undefined;
  return given === 'any' && !isKept ? undefined : given;
}

function withoutPending(endpoint: Endpoint, direction: Direction): Endpoint {
  const { [PENDING[direction]]: pending, ...known } = endpoint;
  return pending === undefined ? endpoint : known;
}
