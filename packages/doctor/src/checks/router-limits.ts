import { bgpNeighbors, type NeighborReport, VtyLines } from '@routed/quagga/show';
import { type Check, defineCheck, type Finding } from '../check.ts';

/** FRR logs at three quarters; from here on it is time to act. */
const NEAR = 0.8;
/** A daemon that takes longer hangs. */
const DEADLINE_MS = 5_000;
export const routerLimitsCheck = defineCheck<readonly NeighborReport[]>({
  id: 'router-limits',
  title: 'no BGP neighbor is near its prefix limit',
  read: async (host) => {
    const routers = await host.routers();
    if (routers?.daemons.some(({ name, isRunning }) => name === 'bgpd' && isRunning) !== true) return [];
    const lines = new VtyLines([routers.directory], { deadlineMs: DEADLINE_MS });
    try {
      return (await bgpNeighbors(lines)) ?? [];
    } finally {
      await lines.close();
    }
  },
  judge: (neighbors) => neighbors.flatMap((neighbor) => [...ended(neighbor), ...nearLimit(neighbor)]),
});

function ended({ neighbor, isOverLimit, prefixes = [] }: NeighborReport): Finding[] {
  if (isOverLimit !== true) return [];
  const limits = prefixes.flatMap(({ limit }) => (limit?.endsSession === true ? [limit.prefixes] : []));
  return [
    {
      severity: 'broken',
      found: `BGP neighbor ${neighbor} announced more prefixes than maximum-prefix allows (${limits.join(', ')}): its session has ended`,
      why: 'none of its containers is reachable from here',
      remedy: `if it may have that many containers, raise fleet.containersPerHost (or maximumPrefix); otherwise find out what it announces; then vtysh -c "clear bgp ${neighbor}"`,
    },
  ];
}

function nearLimit({ neighbor, prefixes = [] }: NeighborReport): Finding[] {
  return prefixes.flatMap(({ family, received, limit }): Finding[] => {
    if (limit === undefined || received <= limit.prefixes * NEAR) return [];
    const name = family === 'ipv4' ? 'IPv4' : 'IPv6';
    return [
      {
        severity: limit.endsSession ? 'warning' : 'note',
        found: `BGP neighbor ${neighbor} announces ${received} ${name} prefixes of the ${limit.prefixes} that maximum-prefix allows`,
        why: limit.endsSession
          ? 'beyond the limit the session ends, and the containers behind the neighbor are cut off'
          : 'beyond the limit the router only logs a warning; the cluster has outgrown what the limit was sized for',
        remedy:
          'raise fleet.hosts or fleet.containersPerHost (or maximumPrefix) in the model, or find out what announces so many',
      },
    ];
  });
}

export const routerLimitsChecks: readonly Check[] = [routerLimitsCheck];
