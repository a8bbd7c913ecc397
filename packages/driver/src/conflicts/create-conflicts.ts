import type { EndpointLinks, HostAddresses, Logger, UnannouncedTraffic } from '@routed/datapath';
import type { Connections } from '@routed/netfilter';
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
import { Takeovers } from './takeovers.ts';
import { UnannouncedNetworks } from './unannounced-networks.ts';

/** What deals with addresses that another host announces as well. */
export interface ConflictComponents {
  readonly unannounced: UnannouncedNetworks;
  readonly view: RouterView;
  readonly takeovers: Takeovers;
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
  readonly traffic: UnannouncedTraffic;
  readonly connections: Connections;
  readonly counts: ConflictCounters;
  readonly events: DriverEvents;
  readonly journal: Journal;
  readonly logger: Logger;
}): ConflictComponents {
  const claims = new Claims(deps);
  const view = new RouterView({ lines: routers });
  const unannounced = new UnannouncedNetworks(deps);
  const takeovers = new Takeovers({ ...deps, unannounced, view });
  const suppressed = new SuppressedRoutes({ ...deps, unannounced });
  const conflicts = new Conflicts({ ...deps, claims, view, suppressed, takeovers });
  return {
    unannounced,
    view,
    takeovers,
    claims,
    suppressed,
    conflicts,
    watch: new ConflictWatch({ ...deps, claims, view, conflicts, takeovers }),
  };
}
