import { type Direction, DIRECTIONS, isSameShape, type Shape, type Shapes } from './rate-limit.ts';

/** `stale`: something of a limit is there, but not all of it, or in another way. */
export type KnownShapes = { readonly [D in Direction]?: Shape | 'stale' };

/** One change of what limits an endpoint. */
export type LimitChange = {
  readonly linkIndex: number;
  readonly endpointId: string;
  readonly direction: Direction;
} & ({ readonly kind: 'set-limit'; readonly shape: Shape } | { readonly kind: 'delete-limit' });

/** Whether a change is one of limits. */
export function isLimitChange(change: { readonly kind: string }): change is LimitChange {
  return change.kind === 'set-limit' || change.kind === 'delete-limit';
}

/** The changes that make the kernel have these limits of an endpoint, and no others. Pure. */
export function changeLimits(
  endpoint: { readonly id: string; readonly limits: Shapes },
  known: KnownShapes,
  linkIndex: number,
): LimitChange[] {
  return DIRECTIONS.flatMap((direction): LimitChange[] => {
    const shape = endpoint.limits[direction];
    const there = known[direction];
    const at = { linkIndex, endpointId: endpoint.id, direction };
    if (shape === undefined) return there === undefined ? [] : [{ kind: 'delete-limit', ...at }];
    const isDone = there !== undefined && there !== 'stale' && isSameShape(shape, there);
    return isDone ? [] : [{ kind: 'set-limit', ...at, shape }];
  });
}
