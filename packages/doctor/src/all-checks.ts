import type { Check } from './check.ts';
import { announcementChecks } from './checks/announcement.ts';
import { announcementTrapsChecks } from './checks/announcement-traps.ts';
import { answersChecks } from './checks/answers.ts';
import { daemonChecks } from './checks/daemon.ts';
import { engineChecks } from './checks/engine.ts';
import { filtersChecks } from './checks/filters.ts';
import { firewallChecks } from './checks/firewall.ts';
import { forwardingChecks } from './checks/forwarding.ts';
import { limitsChecks } from './checks/limits.ts';
import { mtuChecks } from './checks/mtu.ts';
import { namesChecks } from './checks/names.ts';
import { neighborsChecks } from './checks/neighbors.ts';
import { networkManagerChecks } from './checks/network-managers.ts';
import { platformChecks } from './checks/platform.ts';
import { poolsChecks } from './checks/pools.ts';
import { routerFilesChecks } from './checks/router-files.ts';
import { routerGroupsChecks } from './checks/router-groups.ts';
import { routerLimitsChecks } from './checks/router-limits.ts';
import { routerRoutesChecks } from './checks/router-routes.ts';
import { routerSettingsChecks } from './checks/router-settings.ts';
import { routersChecks } from './checks/routers.ts';
import { routesChecks } from './checks/routes.ts';
import { startOrderChecks } from './checks/start-order.ts';
import { stateChecks } from './checks/state.ts';
import { sysctlFilesChecks } from './checks/sysctl-files.ts';
import { uplinkChecks } from './checks/uplinks.ts';

/** Every check, from the machine over the kernel to the router. */
export const ALL_CHECKS: readonly Check[] = [
  ...platformChecks,
  ...engineChecks,
  ...daemonChecks,
  ...startOrderChecks,
  ...forwardingChecks,
  ...answersChecks,
  ...firewallChecks,
  ...filtersChecks,
  ...namesChecks,
  ...limitsChecks,
  ...uplinkChecks,
  ...mtuChecks,
  ...poolsChecks,
  ...routesChecks,
  ...networkManagerChecks,
  ...sysctlFilesChecks,
  ...stateChecks,
  ...routersChecks,
  ...routerFilesChecks,
  ...neighborsChecks,
  ...routerGroupsChecks,
  ...routerLimitsChecks,
  ...announcementChecks,
  ...announcementTrapsChecks,
  ...routerRoutesChecks,
  ...routerSettingsChecks,
];
