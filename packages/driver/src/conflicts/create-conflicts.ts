import type { EndpointLinks, HostAddresses, Logger } from '@routed/datapath';
import { type RouterLines, RouterView } from '@routed/quagga/show';
import type { EndpointLifecycle } from '../endpoints/endpoint-lifecycle.ts';
import type { Journal } from '../ground/journal.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { Absence } from '../endpoints/absence.ts';
import { Claims } from './claims.ts';
import type { ClusterCounts } from '../leases/conflict-counters.ts';
import { ConflictWatch } from './conflict-watch.ts';
import { Conflicts } from './conflicts.ts';
import { WithheldRoutes } from './suppressed-routes.ts';

/** What deals with addresses that another host announces as well. */
export interface ConflictParts {
  readonly claims: Claims;
  readonly withheld: WithheldRoutes;
  readonly conflicts: Conflicts;
  readonly watch: ConflictWatch;
}

/** Puts these parts together; starts nothing. */
export function conflictParts({
  routers,
  ...deps
}: {
  readonly endpoints: EndpointLifecycle;
  readonly links: EndpointLinks;
  readonly networks: NetworkRegistry;
  readonly host: HostAddresses;
  readonly routers: RouterLines;
  readonly absence: Absence;
  readonly counts: ClusterCounts;
  readonly journal: Journal;
  readonly logger: Logger;
}): ConflictParts {
  const claims = new Claims(deps);
  const view = new RouterView({ lines: routers });
  const withheld = new WithheldRoutes(deps);
  const conflicts = new Conflicts({ ...deps, claims, view, withheld });
  return { claims, withheld, conflicts, watch: new ConflictWatch({ ...deps, claims, view, conflicts }) };
}
