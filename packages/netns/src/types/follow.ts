import type { Address, AddressFilter } from './address.ts';
import type { Link, LinkFilter } from './link.ts';
import type { Neighbour, NeighbourFilter } from './neighbour.ts';
import type { Netns } from './netns.ts';
import type { Route, RouteFilter } from './route.ts';
import type { Rule, RuleFilter } from './rule.ts';

/** What {@link follow} can follow, and what its rows are. Proxy entries of neighbours have no events in the kernel. */
export interface FollowedRows {
  readonly link: Link;
  readonly address: Address;
  readonly route: Route;
  readonly neighbour: Neighbour;
  readonly rule: Rule;
}

/** What narrows each of them: the filters of the lists. */
export interface FollowFilters {
  readonly link: LinkFilter;
  readonly address: AddressFilter;
  readonly route: RouteFilter;
  readonly neighbour: Omit<NeighbourFilter, 'isProxy'>;
  readonly rule: RuleFilter;
}

/** A kind of object that can be followed. */
export type Followed = keyof FollowedRows;

/** How to follow. */
export interface FollowOptions<Of extends Followed> {
  /** Default: the current namespace. It is pinned while the loop runs. */
  readonly netns?: Netns;
  readonly filter?: FollowFilters[Of];
  /** Ends the loop with {@link NetlinkError} `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Room for events that wait to be read; beyond it comes a `resync`. @defaultValue 4 MiB */
  readonly receiveBufferBytes?: number;
}

/**
 * One step of a table that is followed.
 *
 * `previous`, and the row of `deleted`, are the very objects that were reported before.
 */
export type FollowEvent<Row> =
  /** The first event: what there is. */
  | { readonly event: 'snapshot'; readonly rows: readonly Row[] }
  /** Events were lost. These rows take the place of all that were reported before. */
  | { readonly event: 'resync'; readonly rows: readonly Row[] }
  | { readonly event: 'new'; readonly row: Row }
  | { readonly event: 'changed'; readonly row: Row; readonly previous: Row }
  | { readonly event: 'deleted'; readonly row: Row };
