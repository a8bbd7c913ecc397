import type { EndpointLinks, HostAddresses, Logger } from '@routed/datapath';
import { type RouterLines, RouterView } from '@routed/quagga/show';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { DriverEvents } from '../ground/events.ts';
import type { Journal } from '../ground/journal.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { Absence } from '../endpoints/absence.ts';
import { Claims } from './claims.ts';
import type { ConflictCounters } from '../leases/conflict-counters.ts';
import { ConflictWatch } from './conflict-watch.ts';
import { Conflicts } from './conflicts.ts';
import { SuppressedRoutes } from './suppressed-routes.ts';

/** What deals with addresses that another host announces as well. */
export interface ConflictComponents {
  readonly claims: Claims;
  readonly suppressed: SuppressedRoutes;
  readonly conflicts: Conflicts;
  readonly watch: ConflictWatch;
}

/** Puts these parts together; starts nothing. */
export function createConflicts({
  routers,
  ...deps
}: {
  readonly endpoints: EndpointLifecycle;
  readonly links: EndpointLinks;
  readonly networks: NetworkRegistry;
  readonly host: HostAddresses;
  readonly routers: RouterLines;
  readonly absence: Absence;
  readonly counts: ConflictCounters;
  readonly events: DriverEvents;
  readonly journal: Journal;
  readonly logger: Logger;
}): ConflictComponents {
  const claims = new Claims(deps);
  const view = new RouterView({ lines: routers });
  const suppressed = new SuppressedRoutes(deps);
  const conflicts = new Conflicts({ ...deps, claims, view, suppressed });
  return { claims, suppressed, conflicts, watch: new ConflictWatch({ ...deps, claims, view, conflicts }) };
}
