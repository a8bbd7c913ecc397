import { type Check, defineCheck, type Finding } from '../check.ts';

interface LinkMtu {
  readonly name: string;
  readonly mtuBytes: number;
}

export interface MtuFacts {
  readonly uplinks: readonly LinkMtu[];
  readonly containers: readonly LinkMtu[];
  /** What the daemon gives links of networks without an MTU of their own, and the uplink that it took it from. */
  readonly daemon?: { readonly mtuBytes: number; readonly mtuUplink?: string | undefined } | undefined;
}

export const mtuCheck = defineCheck<MtuFacts>({
  id: 'mtu',
  title: 'MTUs of container links and uplinks match',
  read: async (host) => ({
    uplinks: await host.uplinks(),
    containers: await host.containerLinks(),
    daemon: await host.daemon(),
  }),
  judge: ({ uplinks, containers, daemon }) => [
    ...judgeChange(uplinks, daemon),
    ...judgeContainers(uplinks, containers),
    ...judgeUplinks(uplinks),
  ],
});

function judgeChange(uplinks: readonly LinkMtu[], daemon: MtuFacts['daemon']): Finding[] {
  const uplink = uplinks.find(({ name }) => name === daemon?.mtuUplink);
  if (uplink === undefined || daemon === undefined || uplink.mtuBytes === daemon.mtuBytes) return [];
  return [
    {
      severity: 'warning',
      found: `the MTU of ${uplink.name} is ${uplink.mtuBytes}; it was ${daemon.mtuBytes} when routed-plugin started (--mtu auto)`,
      why: 'new containers get the old MTU: packets are too big for the uplink, or smaller than necessary',
      remedy: 'restart routed-plugin, then the containers, or name an MTU with --mtu',
    },
  ];
}

function judgeContainers(uplinks: readonly LinkMtu[], containers: readonly LinkMtu[]): Finding[] {
  const [smallest] = bySize(uplinks);
  if (smallest === undefined) return [];
  const bigger = containers.filter(({ mtuBytes }) => mtuBytes > smallest.mtuBytes);
  if (bigger.length === 0) return [];
  return [
    {
      severity: 'warning',
      found: `${bigger.length} containers have an MTU of up to ${Math.max(...bigger.map(({ mtuBytes }) => mtuBytes))}, uplink ${smallest.name} has ${smallest.mtuBytes}`,
      why: 'each connection must first discover the smaller MTU; where ICMP is filtered, large transfers hang',
      remedy: `raise the MTU of ${smallest.name}, or create the network with -o routed.mtu=${smallest.mtuBytes} and start the containers again`,
    },
  ];
}

function judgeUplinks(uplinks: readonly LinkMtu[]): Finding[] {
  const ordered = bySize(uplinks);
  const [smallest, largest] = [ordered[0], ordered.at(-1)];
  if (smallest === undefined || largest === undefined || smallest.mtuBytes === largest.mtuBytes) return [];
  return [
    {
      severity: 'note',
      found: `uplinks differ in MTU: ${smallest.name} ${smallest.mtuBytes}, ${largest.name} ${largest.mtuBytes}`,
      why: 'OSPF neighbors on one segment must have the same MTU (or stay in ExStart), and a path change makes connections rediscover it',
      remedy: 'nothing, if that is intended',
    },
  ];
}

function bySize(links: readonly LinkMtu[]): LinkMtu[] {
  return [...links].sort((one, other) => one.mtuBytes - other.mtuBytes);
}

export const mtuChecks: readonly Check[] = [mtuCheck];
