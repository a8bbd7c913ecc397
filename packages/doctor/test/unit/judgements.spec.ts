import { parseConfig } from '@routed/quagga';
import { expect } from 'chai';
import { announcementCheck } from '../../src/checks/announcement.ts';
import { importFilterCheck, nestedPrefixesCheck } from '../../src/checks/announcement-traps.ts';
import { reversePathCheck } from '../../src/checks/answers.ts';
import { daemonCheck } from '../../src/checks/daemon.ts';
import { engineFirewallCheck, engineHabitsCheck, foreignNetworksCheck } from '../../src/checks/engine.ts';
import { filtersCheck } from '../../src/checks/filters.ts';
import { forwardChainCheck, legacyFirewallCheck } from '../../src/checks/firewall.ts';
import { forwardingIpv6Check } from '../../src/checks/forwarding.ts';
import { neighboursCheck } from '../../src/checks/limits.ts';
import { mtuCheck } from '../../src/checks/mtu.ts';
import { uplinkNamesCheck } from '../../src/checks/uplinks.ts';
import { adjacencyCheck } from '../../src/checks/neighbors.ts';
import { routerLimitsCheck } from '../../src/checks/router-limits.ts';
import { routerRoutesCheck } from '../../src/checks/router-routes.ts';
import { routerDaemonsCheck, zebraBufferCheck } from '../../src/checks/routers.ts';
import { namespacesCheck, staleRecordsCheck } from '../../src/checks/state.ts';
import type { Finding } from '../../src/check.ts';
import type { EngineFacts } from '../../src/facts/engine-facts.ts';
import {
  exampleEndpoint as endpoint,
  exampleReport as daemon,
} from '../../../driver/test/unit/support/example-report.ts';

const engine: EngineFacts = {
  version: '20.10.24',
  isRootless: false,
  hasLiveRestore: false,
  settings: {},
  networks: [{ id: 'n1', name: 'apps', driver: 'routed', ipamDriver: 'routed' }],
  containers: [],
  managedPlugins: [],
};
const zebra = {
  name: 'zebra',
  isRunning: true,
  pid: 7,
  commandLine: ['/usr/lib/frr/zebra', '-s', '90000000'],
} as const;
const bgp = (...lines: readonly string[]) => ({
  config: parseConfig(
    ['router bgp 65001', ' !', ' address-family ipv4 unicast', ...lines, ' exit-address-family', 'exit'].join('\n'),
  ),
  pools: ['10.1.0.0/16'],
});
const bgpSummary = (state: string): ReadonlyMap<'show bgp summary', string> =>
  new Map([
    [
      'show bgp summary',
      `BGP router identifier 10.0.0.1, local AS number 65001 vrf-id 0

Neighbor        V         AS   MsgRcvd   MsgSent   TblVer  InQ OutQ  Up/Down State/PfxRcd   PfxSnt Desc
10.0.0.2        4      65002         0         0        0    0    0    never ${state}        0 N/A
`,
    ],
  ]);

const bgpNeighbor = (received: number, endsSession: boolean) => ({
  protocol: 'bgp' as const,
  neighbor: 'eth1',
  link: '',
  state: 'Established',
  isUp: true,
  upSec: 9,
  prefixes: [{ family: 'ipv4' as const, received, sent: 3, limit: { prefixes: 200, endsSession } }],
});

/** A host with a block behind a filter for these lengths. */
function blockUnder(range: string): readonly Finding[] {
  const list = `ip prefix-list C seq 5 permit 10.1.0.0/16 ${range}`;
  const map = 'route-map C permit 10\n match ip address prefix-list C\nexit';
  const config = parseConfig(`${list}\n${map}\nrouter ospf\n redistribute kernel route-map C\nexit`);
  return announcementCheck.judge({ config, pools: ['10.1.0.0/16'], blocks: ['10.1.7.64/26'], hasDefaultRoute: true });
}

/** What no host of the lab can be brought to, or not quickly. */
const cases: readonly (readonly [
  what: string,
  found: readonly Finding[],
  severity: string | undefined,
  says: RegExp,
])[] = [
  [
    'a kernel without IPv6 below networks that have it',
    forwardingIpv6Check.judge({ isUsed: true, forwarding: undefined, disabled: undefined, links: [] }),
    'broken',
    /^the kernel has no IPv6/,
  ],
  [
    'a strict filter for all links, which a loose one of the link overrules',
    reversePathCheck.judge({
      all: '1',
      links: [
        { link: 'eth1', value: '2' },
        { link: 'eth2', value: '2' },
      ],
    }),
    undefined,
    /^$/,
  ],
  [
    'a neighbour table that is half full',
    neighboursCheck.judge([{ family: 6, soft: 512, hard: 1024, used: 300, overflows: 0, endpoints: 100 }]),
    'warning',
    /^the IPv6 neighbour table.* has about 300 entries of 512 \(at most 1024\)$/,
  ],
  [
    'a neighbour table that was full once',
    neighboursCheck.judge([{ family: 4, soft: 512, hard: 1024, used: 3, overflows: 2, endpoints: 1 }]),
    'broken',
    /and was full 2 times since boot$/,
  ],
  [
    'a chain that lacks a rule',
    forwardChainCheck.judge([
      {
        program: 'ip6tables',
        rules: ['-P FORWARD DROP', '-A FORWARD -j ROUTED-FORWARD'],
        wanted: ['-A ROUTED-FORWARD x'],
      },
    ]),
    'broken',
    /^ip6tables: .* chain ROUTED-FORWARD lacks "-A ROUTED-FORWARD x"$/,
  ],
  [
    'an old firewall that rejects',
    legacyFirewallCheck.judge(['-P FORWARD ACCEPT', '-A FORWARD -i eth1 -j REJECT']),
    'broken',
    /^iptables-legacy has "-A FORWARD -i eth1 -j REJECT"/,
  ],
  [
    'no nft where nothing is to be filtered',
    filtersCheck.judge({ isNeeded: false, tables: undefined, closed: [] }),
    undefined,
    /^$/,
  ],
  [
    'both tables of filters gone',
    filtersCheck.judge({ isNeeded: true, tables: ['ip filter'], closed: [] }),
    'broken',
    /^nftables has no table inet routed, and none arp routed$/,
  ],
  [
    'endpoints that are closed',
    filtersCheck.judge({
      isNeeded: true,
      tables: ['inet routed', 'arp routed'],
      closed: [{ addresses: ['10.1.0.2', 'fd00::2'], closedBy: 'routed.ingress=none' }],
    }),
    'note',
    /^nobody may open connections to 1 endpoints, such as 10\.1\.0\.2 fd00::2: routed\.ingress=none$/,
  ],
  [
    'an uplink whose MTU has changed since the start',
    mtuCheck.judge({
      uplinks: [{ name: 'eth1', mtuBytes: 9000 }],
      containers: [],
      daemon: { mtuBytes: 1500, mtuUplink: 'eth1' },
    }),
    'warning',
    /^the MTU of eth1 is 9000; it was 1500 when routed-plugin started/,
  ],
  [
    'a daemon that hangs',
    daemonCheck.judge({ socket: '/a', isListening: true, answers: false, reconciledMsAgo: undefined }),
    'broken',
    /^routed-plugin listens on \/a but does not report its state$/,
  ],
  [
    'a daemon that repairs nothing',
    daemonCheck.judge({ socket: '/a', isListening: true, answers: true, reconciledMsAgo: 91_000 }),
    'broken',
    /91 s ago$/,
  ],
  [
    'a Docker without its userland proxy',
    engineHabitsCheck.judge({ ...engine, settings: { userlandProxy: false } }),
    'note',
    /^Docker runs without its userland proxy/,
  ],
  ['live-restore of an older Docker', engineHabitsCheck.judge({ ...engine, hasLiveRestore: true }), undefined, /^$/],
  [
    'a Docker whose mounts do not get out',
    namespacesCheck.judge({ daemonNamespace: 'a', engineNamespace: 'b', daemonSide: 'shared', engineSide: 'private' }),
    'broken',
    /^routed-plugin has a mount namespace of its own, and mounts do not leave Docker's$/,
  ],
  [
    'an endpoint without a container',
    staleRecordsCheck.judge({ daemon: { ...daemon, endpoints: [endpoint] }, engine }),
    'warning',
    /^endpoint e10000000000 \(10\.1\.0\.2\) belongs to no container$/,
  ],
  [
    'a container without an endpoint',
    staleRecordsCheck.judge({
      daemon,
      engine: {
        ...engine,
        containers: [
          { id: 'c1', name: 'web', networks: [{ networkId: 'n1', networkName: 'apps', endpointId: endpoint.id }] },
        ],
      },
    }),
    'broken',
    /^container web is on network apps, and routed-plugin does not know its endpoint$/,
  ],
  [
    'leases of nobody',
    staleRecordsCheck.judge({ daemon: { ...daemon, looseAddresses: ['10.1.0.9'] }, engine }),
    'warning',
    /^1 addresses are leased to no container, such as 10\.1\.0\.9$/,
  ],
  [
    'an uplink that is not there',
    uplinkNamesCheck.judge({ absent: ['uplink eht9 (--uplinks) is not there; did you mean "eth0"?'] }),
    'warning',
    /^uplink eht9 \(--uplinks\) is not there; did you mean "eth0"\?$/,
  ],
  [
    'no router beside containers',
    routerDaemonsCheck.judge({ daemons: undefined, hasBird: false, hasContainers: true, isWanted: true }),
    'broken',
    /^neither FRR nor Quagga runs here$/,
  ],
  [
    'a router that is set up and does not run, before there are containers',
    routerDaemonsCheck.judge({ daemons: undefined, hasBird: false, hasContainers: false, isWanted: true }),
    'warning',
    /^neither FRR nor Quagga runs here$/,
  ],
  [
    'a single host',
    routerDaemonsCheck.judge({ daemons: undefined, hasBird: false, hasContainers: true, isWanted: false }),
    'note',
    /^there is no router on this host$/,
  ],
  [
    'a network of another driver with addresses of ours',
    foreignNetworksCheck.judge({
      ...engine,
      networks: [...engine.networks, { id: 'n2', name: 'crossed', driver: 'bridge', ipamDriver: 'ipam-routed:latest' }],
    }),
    'broken',
    /^network crossed has --ipam-driver ipam-routed:latest and --driver bridge$/,
  ],
  [
    "Docker 29's nftables",
    engineFirewallCheck.judge({ ...engine, settings: { firewallBackend: 'nftables+firewalld' } }),
    'note',
    /^Docker writes its firewall with nftables$/,
  ],
  [
    'BIRD',
    routerDaemonsCheck.judge({ daemons: undefined, hasBird: true, hasContainers: true, isWanted: false }),
    'note',
    /^BIRD is the router/,
  ],
  [
    'zebra alone',
    routerDaemonsCheck.judge({ daemons: [zebra], hasBird: false, hasContainers: true, isWanted: true }),
    'broken',
    /^zebra runs, but neither ospfd, ospf6d nor bgpd does$/,
  ],
  [
    'a zebra that has missed news',
    zebraBufferCheck.judge({ zebra, lost: 12, mayExceed: true, limit: undefined }),
    'broken',
    /^zebra dropped 12 netlink notifications/,
  ],
  [
    'a zebra that may not have the buffer that it wants',
    zebraBufferCheck.judge({ zebra, lost: 0, mayExceed: false, limit: 212_992 }),
    'warning',
    /has no CAP_NET_ADMIN, and net\/core\/rmem_max is 212992$/,
  ],
  [
    'routes that zebra has dropped',
    routerRoutesCheck.judge({ missed: ['10.1.0.2/32', '10.1.0.3/32'], ghosts: [] }),
    'broken',
    /^zebra lacks 2 container routes, such as 10\.1\.0\.2\/32$/,
  ],
  [
    'a BGP session that is down',
    adjacencyCheck.judge(bgpSummary('      Active')),
    'broken',
    /^BGP neighbor 10\.0\.0\.2 is in state Active$/,
  ],
  [
    'a BGP session without a policy',
    adjacencyCheck.judge(bgpSummary('    (Policy)')),
    'broken',
    /^BGP neighbor 10\.0\.0\.2: the session is up, but no route passes without a policy$/,
  ],
  ['a BGP session that is up', adjacencyCheck.judge(bgpSummary('          12')), undefined, /^$/],
  [
    "BGP that announces the host's default route",
    announcementCheck.judge({ ...bgp('  redistribute kernel'), hasDefaultRoute: true }),
    'broken',
    /^BGP announces all kernel routes of this host without a filter, the default route too$/,
  ],
  [
    'BGP that announces nothing',
    announcementCheck.judge({ ...bgp('  network 10.9.0.0/16'), hasDefaultRoute: true }),
    'broken',
    /^no routing daemon redistributes kernel routes of IPv4$/,
  ],
  [
    'a pool and its first address, kept apart by a filter',
    nestedPrefixesCheck.judge({
      config: parseConfig(
        'ip prefix-list C seq 5 permit 10.1.0.0/16 ge 32\nroute-map C permit 10\n match ip address prefix-list C\nexit\nrouter ospf\n redistribute kernel route-map C\nexit',
      ),
      routes: ['10.1.64.0/24', '10.1.64.0/32'],
    }),
    undefined,
    /^$/,
  ],
  [
    'a route-map without conditions, which lets all containers pass',
    announcementCheck.judge({
      config: parseConfig('route-map ALL permit 10\nexit\nrouter ospf\n redistribute kernel route-map ALL\nexit'),
      pools: ['10.1.0.0/16'],
      hasDefaultRoute: true,
    }),
    undefined,
    /^$/,
  ],
  ['a neighbor at 80 % of its limit', routerLimitsCheck.judge([bgpNeighbor(160, true)]), undefined, /^$/],
  [
    'a neighbor beyond 80 % of its limit',
    routerLimitsCheck.judge([bgpNeighbor(161, true)]),
    'warning',
    /^BGP neighbor eth1 announces 161 IPv4 prefixes of the 200 that maximum-prefix allows$/,
  ],
  [
    'a neighbor beyond 80 % of a limit that only warns',
    routerLimitsCheck.judge([bgpNeighbor(161, false)]),
    'note',
    /^BGP neighbor eth1 announces 161 IPv4 prefixes of the 200/,
  ],
  [
    'a session that a limit has ended',
    routerLimitsCheck.judge([{ ...bgpNeighbor(0, true), isUp: false, isOverLimit: true }]),
    'broken',
    /^BGP neighbor eth1 announced more prefixes than maximum-prefix allows \(200\): its session has ended$/,
  ],
  [
    'a filter for host routes alone, and a block',
    blockUnder('ge 32'),
    'broken',
    /^OSPF does not announce blocks such as 10\.1\.7\.64\/26: route-map C denies them$/,
  ],
  ['a filter that lets the block pass', blockUnder('ge 26'), undefined, /^$/],
  [
    'an import filter that exists',
    importFilterCheck.judge(parseConfig('ip protocol ospf route-map IN\nroute-map IN permit 10\nexit')),
    undefined,
    /^$/,
  ],
];

describe("doctor's judgements", () => {
  for (const [what, found, severity, says] of cases) {
    it(`${severity ?? 'fine'}: ${what}`, () => {
      expect(found.map((finding) => finding.severity)).to.deep.equal(severity === undefined ? [] : [severity]);
      if (severity !== undefined) expect(found[0]?.found).to.match(says);
    });
  }
});
