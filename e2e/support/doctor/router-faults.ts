import { bySh, type Fault } from './fault.ts';
import { untilAdjacent } from '../adjacency.ts';
import type { ExaminedHost } from './examined-host.ts';

/** An fault that commands to the running router make, and others end. */
function byVty(
  fault: Omit<Fault, 'break' | 'revert'> & {
    readonly breaking: readonly string[];
    readonly reverting: readonly string[];
  },
): Fault {
  const { breaking, reverting, ...rest } = fault;
  return {
    ...rest,
    break: ({ route }) => route(...breaking),
    revert: ({ route }) => route(...reverting),
    // Commands change what runs, and not the file.
    also: [...(fault.also ?? []), 'router-file'],
  };
}

const redistribute = 'redistribute kernel route-map CONTAINERS';

/** Adds a route on a container's link with this protocol, and then does something with it. */
function onContainerLink(withProtocol: string): string {
  return `route="10.1.77.1/32 dev $(ip -br link | grep -o '^vethr[0-9a-f]*' | head -n 1)"; ip route add $route ${withProtocol} $route`;
}

/** FRR's settings. */
export const routerFaults: readonly Fault[] = [
  byVty({
    check: 'router-neighbors',
    round: 'router',
    what: 'a router that keeps silent on its uplink',
    severity: 'broken',
    found: /^OSPF has no neighbor$/,
    why: /^no other host learns the container routes$/,
    remedy: /the uplink is up and not passive/,
    breaking: ['interface eth1', 'ip ospf passive'],
    reverting: ['interface eth1', 'no ip ospf passive'],
  }),
  byVty({
    check: 'announcement',
    round: 'router',
    what: 'a router that announces nothing',
    severity: 'broken',
    found: /^no routing daemon redistributes kernel routes of IPv4$/,
    why: /other hosts do not learn them$/,
    remedy: /^add "redistribute kernel route-map …" to router ospf/,
    breaking: ['router ospf', `no ${redistribute}`],
    reverting: ['router ospf', redistribute],
  }),
  byVty({
    check: 'announcement',
    round: 'announcements',
    what: "a router that announces everybody's routes",
    severity: 'warning',
    found: /^OSPF announces all kernel routes of this host/,
    why: /two hosts announce 172\.17\.0\.0\/16$/,
    remedy: /^add a route-map with a prefix-list of your pools/,
    breaking: ['router ospf', 'redistribute kernel'],
    reverting: ['router ospf', redistribute],
  }),
  byVty({
    check: 'announcement',
    round: 'router',
    what: 'a route-map that does not exist',
    severity: 'broken',
    found: /^OSPFv3 redistributes kernel routes by route-map CONTAINER, which does not exist$/,
    why: /^nothing is announced, and no daemon reports an error$/,
    remedy: /^define route-map CONTAINER/,
    breaking: ['router ospf6', 'redistribute kernel route-map CONTAINER'],
    reverting: ['router ospf6', 'redistribute kernel route-map CONTAINERS6'],
  }),
  byVty({
    check: 'announcement',
    round: 'announcements',
    what: 'a prefix-list that lacks "ge 128"',
    severity: 'broken',
    found: /^OSPFv3 does not announce containers in fd00:1::\/64: route-map CONTAINERS6 denies them$/,
    why: /without "ge 32"/,
    remedy: /^add "permit fd00:1::\/64 ge 128" to the prefix-list/,
    breaking: ['ipv6 prefix-list CONTAINERS6 seq 5 permit fd00:1::/64'],
    reverting: ['ipv6 prefix-list CONTAINERS6 seq 5 permit fd00:1::/64 ge 128'],
  }),
  byVty({
    check: 'router-import',
    round: 'router',
    what: 'a filter of what the router learns that does not exist',
    severity: 'warning',
    found: /^"ip protocol ospf route-map IN" names a route-map that does not exist$/,
    why: /^FRR 8\.4 then installs all routes of ospf in the kernel, and newer releases none/,
    remedy: /^define route-map IN, or delete the line$/,
    breaking: ['ip protocol ospf route-map IN'],
    reverting: ['no ip protocol ospf route-map IN'],
  }),
  bySh({
    check: 'router-routes',
    round: 'router',
    what: 'a router that still has the route of a container that is gone',
    severity: 'broken',
    found: /^zebra has 1 stale container routes, such as 10\.1\.77\.1\/32$/,
    why: /^it announces them forever/,
    remedy: /restart all of the router's daemons together/,
    // FRR 8.4 overlooks the end of a route that has become one of protocol kernel.
    breaking: onContainerLink('proto 100; sleep 0.2; ip route replace $route proto kernel; sleep 0.2; ip route del'),
    reverting: onContainerLink('proto 100; sleep 0.2; ip route del'),
  }),
  bySh({
    check: 'announcement-nesting',
    round: 'announcements',
    what: 'a router that announces a pool and its first address',
    severity: 'broken',
    found: /^OSPF announces 10\.66\.64\.0\/(24 and 10\.66\.64\.0\/32|32 and 10\.66\.64\.0\/24)$/,
    why: /^both need the same link-state id/,
    remedy: /--aux-address/,
    breaking: 'ip route replace blackhole 10.66.64.0/24 proto 100; ip route replace 10.66.64.0/32 dev eth1 proto 100',
    reverting: 'ip route del 10.66.64.0/32 dev eth1; ip route del blackhole 10.66.64.0/24',
  }),
  byVty({
    check: 'router-timers',
    round: 'router',
    what: 'a router that takes no news within a second',
    severity: 'warning',
    found: /^OSPF accepts a repeated LSA only after 1000 ms \(timers lsa min-arrival\)$/,
    why: /for 5 to 10 s/,
    remedy: /^add "timers lsa min-arrival 0" to router ospf/,
    breaking: ['router ospf', 'no timers lsa min-arrival 0'],
    reverting: ['router ospf', 'timers lsa min-arrival 0'],
  }),
  byVty({
    check: 'router-timers',
    round: 'router',
    what: 'a router that notices dead hosts after 40 seconds',
    severity: 'warning',
    found: /^OSPF on eth1 detects a dead neighbor after 40 s$/,
    why: /a failed host$/,
    remedy: /"ip ospf dead-interval 4"/,
    breaking: ['interface eth1', 'no ip ospf dead-interval'],
    reverting: ['interface eth1', 'ip ospf dead-interval 4'],
    also: ['router-neighbors'],
  }),
  byVty({
    check: 'router-id',
    round: 'router',
    what: 'a router whose id nobody has chosen',
    severity: 'warning',
    found: /^OSPF chose its router id 10\.112\.11\.1 itself$/,
    why: /^it chooses the largest address/,
    remedy: /"ospf router-id A\.B\.C\.D"/,
    breaking: ['router ospf', 'no ospf router-id'],
    reverting: ['router ospf', 'ospf router-id 10.112.11.1'],
    also: ['router-neighbors'],
  }),
];

/** FRR's file. */
export const routerFileFaults: readonly Fault[] = [
  byVty({
    check: 'router-file',
    what: 'a router that runs what its file does not say',
    severity: 'warning',
    found: /^frr\.conf differs from what runs: ip prefix-list EXTRA seq 5 permit 10\.9\.0\.0\/16 \(only running\)$/,
    why: /^the next start of the router loads the file$/,
    remedy: /write memory/,
    breaking: ['ip prefix-list EXTRA seq 5 permit 10.9.0.0/16'],
    reverting: ['no ip prefix-list EXTRA'],
  }),
  bySh({
    check: 'router-change',
    what: 'a change of the router that was interrupted',
    severity: 'warning',
    found: /^a change of 2026-01-01T00:00:00Z is not finished; "quagga-config revert" undoes it/,
    why: /^the router and its file differ/,
    remedy: /"quagga-config revert"/,
    breaking: `cat > /etc/frr/.quagga-config.pending << 'END'
{ "id": "1", "startedAt": "2026-01-01T00:00:00Z", "phase": "changing", "before": [], "found": [], "files": [],
  "state": { "daemons": [], "places": [], "neighbors": [], "announced": [], "learnt": [], "deadSec": 0 } }
END`,
    reverting: 'rm /etc/frr/.quagga-config.pending',
  }),
];

async function restart({ restartRouter }: ExaminedHost): Promise<void> {
  await restartRouter();
}

/** FRR's processes. */
export const routerDeaths: readonly Fault[] = [
  bySh({
    check: 'router-daemons',
    what: 'an ospfd that hangs',
    severity: 'broken',
    found: /^ospfd does not answer \(process \d+\)$/,
    why: /^a daemon that hangs drops its neighbors/,
    remedy: /restart all of the router's daemons together/,
    breaking: 'kill -STOP $(cat /run/frr/ospfd.pid)',
    reverting: 'kill -CONT $(cat /run/frr/ospfd.pid)',
    also: ['announcement', 'router-neighbors'],
  }),
  {
    check: 'router-daemons',
    what: 'a zebra that has died',
    severity: 'broken',
    found: /^zebra is dead; its socket remains$/,
    why: /^the other daemons keep announcing old routes/,
    remedy: /restart all of the router's daemons together/,
    break: ({ router }) => router.stop('SIGKILL', 'zebra'),
    revert: ({ router }) => router.start('zebra'),
    also: ['announcement'],
  },
  {
    check: 'router-daemons',
    what: 'a zebra that was restarted alone',
    severity: 'broken',
    found: /^zebra was restarted alone: ospfd, ospf6d ran before it$/,
    why: /does not read the container routes again/,
    remedy: /restart all of the router's daemons together/,
    // By the row before.
    break: () => Promise.resolve(),
    revert: restart,
    also: ['router-neighbors'],
  },
  {
    check: 'router-id',
    round: 'router anew',
    what: "a router whose id is the containers' gateway",
    severity: 'broken',
    found: /^the router id of OSPF is 169\.254\.1\.1, the gateway of the containers$/,
    why: /routers with the same id ignore each other/,
    remedy: /^set a unique id/,
    break: ({ restartRouter }) => restartRouter({ routerId: '169.254.1.1' }),
    // The next one's does.
    revert: () => Promise.resolve(),
  },
  {
    check: 'zebra-buffer',
    round: 'router anew',
    what: 'a zebra with a small buffer',
    severity: 'warning',
    found: /^zebra runs without -s$/,
    why: /a larger burst is silently lost$/,
    remedy: /^add -s 90000000 to zebra_options/,
    break: async ({ router, host }: ExaminedHost): Promise<void> => {
      await router.stop('SIGTERM');
      await host.spawn(['/usr/lib/frr/zebra', '-u', 'frr', '-g', 'frr', '-P', '0'], { name: 'zebra' });
      await router.start('ospfd', 'ospf6d');
      await untilAdjacent(router);
    },
    revert: async ({ sh, restartRouter }: ExaminedHost): Promise<void> => {
      await sh('kill $(cat /run/frr/zebra.pid)');
      await restartRouter();
    },
  },
];
