/** Models that break one rule each. */

type Fields = Record<string, unknown>;

export const OSPF = {
  routerId: '10.0.0.1',
  containers: ['10.112.0.0/12'],
  interfaces: { eth1: { ospf: {} } },
  ospf: {},
};
export const BGP = {
  routerId: '10.0.0.1',
  containers: ['10.112.0.0/12'],
  bgp: { asn: 65001, neighbors: [{ address: '10.0.0.2', remoteAs: 65002 }] },
};
export const eth1 = (ospf: Fields): Fields => ({ ...OSPF, interfaces: { eth1: { ospf } } });
export const peer = (more: Fields): Fields => ({
  ...BGP,
  bgp: { asn: 65001, neighbors: [{ address: '10.0.0.2', remoteAs: 65002, ...more }] },
});

/** A faulty model, and what its first finding begins with. */
export const CASES: [rule: string, input: unknown, finding: string][] = [
  [
    'the default route is no summary',
    { ...BGP, bgp: { ...BGP.bgp, ipv4: { aggregateAddresses: [{ prefix: '0.0.0.0/0' }] } } },
    'error bgp.ipv4.aggregateAddresses[0].prefix: is the default route',
  ],
  [
    'the default route is no summary',
    { ...OSPF, ospf: { summaryAddresses: [{ prefix: '0.0.0.0/0' }] } },
    'error ospf.summaryAddresses[0].prefix: is the default route',
  ],
  ['1 router id', { ...OSPF, routerId: '0.0.0.0' }, 'error routerId: must not be 0.0.0.0'],
  ['1 router id', { ...OSPF, routerId: 'fd00::1' }, 'error routerId: is not an IPv4 address'],
  ['1 router id', { containers: [], ospf: {} }, 'error routerId: '],
  [
    '2 interface name',
    { ...OSPF, interfaces: { 'sixteen-letters-': { ospf: {} } } },
    'error interfaces.sixteen-letters-: the name: an interface name has 1 to 15',
  ],
  ['2 interface name', { ...OSPF, interfaces: { 'eth1\nrouter bgp 1': { ospf: {} } } }, 'error interfaces'],
  [
    '3 strings',
    { ...OSPF, interfaces: { eth1: { description: 'a\nno router ospf', ospf: {} } } },
    'error interfaces.eth1.description: contains a line break',
  ],
  ['3 strings', peer({ description: 'a\u0000b' }), 'error bgp.neighbors[0].description: contains a line break'],
  [
    '4 prefixes',
    { ...OSPF, containers: ['10.112.7.1/12'] },
    'warning containers[0]: has host bits set; taken as 10.112.0.0/12',
  ],
  [
    'graceful restart',
    {
      ...BGP,
      bgp: { ...BGP.bgp, gracefulRestart: {}, neighbors: [{ address: '10.0.0.2', remoteAs: 65002, bfd: true }] },
    },
    'error bgp.gracefulRestart: clashes with bfd',
  ],
  [
    'graceful restart',
    { ...eth1({ bfd: true }), ospf: { gracefulRestart: { gracePeriodSec: 60 } } },
    'error ospf.gracefulRestart: clashes with bfd',
  ],
  [
    '5 attributes',
    { ...OSPF, export: { attributes: [{ match: { prefixes: ['10.1.0.0/16'] }, set: { metric: 1 } }] } },
    'error export.attributes[0].match.prefixes[0]: 10.1.0.0/16 is outside of the container prefixes',
  ],
  [
    '5 attributes',
    { ...OSPF, export: { attributes: [{ match: { prefixes: ['10.112.0.0/16'] }, set: { asPathPrepend: [1] } }] } },
    'error export.attributes[0].set.asPathPrepend: is announced by BGP alone',
  ],
  [
    '5 attributes',
    { ...OSPF, export: { attributes: [{ match: { metric: 200 }, set: { metric: 1 } }] } },
    'error export.attributes[0].match.metric: is not looked at by ospfd',
  ],
  [
    '5 attributes',
    { ...BGP, export: { metric: 7, attributes: [{ match: { metric: 200 }, set: { metric: 1 } }] } },
    'error export.attributes[0].match.metric: matches nothing',
  ],
  [
    '5 attributes',
    { ...BGP, export: { attributes: [{ match: {}, set: { metric: 1 } }] } },
    'error export.attributes[0].match: needs prefixes or metric',
  ],
  [
    '5 attributes',
    { ...BGP, export: { attributes: [{ match: { metric: 1 }, set: {} }] } },
    'error export.attributes[0].set: is empty',
  ],
  [
    '5 attributes',
    { ...BGP, export: { attributes: [{ match: { metric: 1 }, set: { largeCommunity: ['1:2'] } }] } },
    'error export.attributes[0].set.largeCommunity[0]: a large community is 65000:1:2',
  ],
  [
    '5 prefix lists',
    { ...OSPF, import: { permit: [{ prefix: '10.112.0.0/12', ge: 12 }] } },
    'error import.permit[0].ge: must be from 13 to 32',
  ],
  [
    '5 prefix lists',
    {
      ...OSPF,
      prefixLists: { A: { family: 'ipv4', entries: [{ action: 'permit', prefix: '10.0.0.0/8', ge: 30, le: 24 }] } },
    },
    'error prefixLists.A.entries[0].le: must not be less than ge',
  ],
  [
    '5 prefix lists',
    { ...OSPF, prefixLists: { A: { family: 'ipv4', entries: [{ action: 'permit', prefix: 'fd00::/8' }] } } },
    'error prefixLists.A.entries[0].prefix: is no ipv4 prefix',
  ],
  [
    '5 sequence',
    {
      ...OSPF,
      prefixLists: {
        A: {
          family: 'ipv4',
          entries: [
            { seq: 9, action: 'permit', prefix: '10.0.0.0/8' },
            { seq: 9, action: 'deny', prefix: '10.0.0.0/9' },
          ],
        },
      },
    },
    'error prefixLists.A.entries[1].seq: must be greater than 9',
  ],
  [
    '6 references',
    peer({ ipv4: { routeMapIn: 'NOPE' } }),
    'error bgp.neighbors[0].ipv4.routeMapIn: route map NOPE does not exist',
  ],
  ['6 references', eth1({ bfd: 'nope' }), 'error interfaces.eth1.ospf.bfd: BFD profile nope does not exist'],
  ['6 references', peer({ peerGroup: 'NOPE' }), 'error bgp.neighbors[0].peerGroup: peer group NOPE does not exist'],
  [
    '9 ranges',
    { ...BGP, routeMaps: { A: { family: 'ipv4', entries: [{ action: 'permit', match: { metric: 0 } }] } } },
    'error routeMaps.A.entries[0].match.metric: a metric to match is a whole number from 1 to 4294967295',
  ],
  [
    '6 references',
    { ...BGP, routeMaps: { A: { family: 'ipv4', entries: [{ action: 'permit', match: { prefixList: 'NOPE' } }] } } },
    'error routeMaps.A.entries[0].match.prefixList: prefix list NOPE does not exist',
  ],
  [
    '6 reserved',
    { ...OSPF, prefixLists: { CONTAINERS: { family: 'ipv4', entries: [{ action: 'permit', prefix: '10.0.0.0/8' }] } } },
    'error prefixLists.CONTAINERS: is a name that the renderer uses',
  ],
  [
    '8 groups',
    { ...OSPF, interfaces: Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`swp${at}`, { ospf: {} }])) },
    'warning interfaces: OSPF joins up to 22 multicast groups, and Linux allows 20; raise net.ipv4.igmp_max_memberships',
  ],
  [
    '8 timers',
    eth1({ helloIntervalSec: 5, deadIntervalSec: 5 }),
    'error interfaces.eth1.ospf.deadIntervalSec: must be greater than the hello interval (5); use 20',
  ],
  [
    '8 timers',
    eth1({ minimalHelloMultiplier: 4, helloIntervalSec: 1 }),
    'error interfaces.eth1.ospf.helloIntervalSec: has no effect beside',
  ],
  [
    '8 timers',
    eth1({ minimalHelloMultiplier: 11 }),
    'error interfaces.eth1.ospf.minimalHelloMultiplier: a hello multiplier is a whole number from 2 to 10',
  ],
  ['9 ranges', eth1({ cost: 0 }), 'error interfaces.eth1.ospf.cost: a cost is a whole number from 1 to 65535'],
  ['9 ranges', { ...OSPF, export: { metric: 16777215 } }, 'error export.metric: a metric is'],
  ['9 ranges', { ...OSPF, export: { metricType: 3 } }, 'error export.metricType: a metric type is 1 or 2'],
  [
    '10 timers',
    { ...OSPF, ospf: { spf: { delayMs: 5, holdMs: 1, maximumHoldMs: 10 } } },
    'error ospf.spf: needs delayMs <= holdMs',
  ],
  ['10 timers', { ...OSPF, ospf: { lsaMinArrivalMs: 5001 } }, 'error ospf.lsaMinArrivalMs: '],
  ['11 area', eth1({ area: '1.2.3' }), 'error interfaces.eth1.ospf.area: an area is a dotted quad'],
  [
    '11 area',
    { ...OSPF, ospf: { areas: [{ id: 0, type: 'stub' }] } },
    'error ospf.areas[0].type: the backbone is never stub',
  ],
  [
    '11 area',
    { ...OSPF, ospf: { areas: [{ id: 1, type: 'stub' }] } },
    'error ospf.areas[0].type: is stub, and a stub area carries no container route',
  ],
  [
    '15 guard',
    peer({ ipv4: { maximumPrefix: { limit: 20000, restartMin: 5 } } }),
    'warning bgp.neighbors[0].ipv4.maximumPrefix: ends the session beyond that limit',
  ],
  [
    '12 networks',
    { ...eth1({ area: 0 }), ospf: { networks: [{ prefix: '10.0.0.0/8' }] } },
    'error interfaces.eth1.ospf.area: clashes with ospf.networks',
  ],
  [
    '12 networks',
    {
      ...OSPF,
      interfaces: {},
      ospf: { networks: [{ prefix: '10.0.0.0/8' }, { prefix: '10.0.0.0/8', area: '0.0.0.1' }] },
    },
    'error ospf.networks[1].prefix: 10.0.0.0/8 is listed twice',
  ],
  [
    '12 summaries',
    { ...OSPF, ospf: { summaryAddresses: [{ prefix: '10.0.0.0/8' }, { prefix: '10.0.0.0/8', tag: 1 }] } },
    'error ospf.summaryAddresses[1].prefix: 10.0.0.0/8 is listed twice',
  ],
  [
    '12 ranges',
    { ...OSPF, ospf: { areas: [{ id: 1, ranges: [{ prefix: '10.0.0.0/8' }, { prefix: '10.0.0.0/8' }] }] } },
    'error ospf.areas[0].ranges[1].prefix: 10.0.0.0/8 is listed twice',
  ],
  [
    '15 ranges',
    {
      ...BGP,
      bgp: {
        asn: 1,
        peerGroups: { G: { remoteAs: 2 } },
        listenRanges: [
          { prefix: '10.0.0.0/8', peerGroup: 'G' },
          { prefix: '10.1.0.0/16', peerGroup: 'G' },
        ],
      },
    },
    'error bgp.listenRanges[1].prefix: overlaps 10.0.0.0/8',
  ],
  [
    '15 multihop',
    {
      ...BGP,
      bgp: {
        asn: 1,
        peerGroups: { G: { remoteAs: 2, ebgpMultihop: 3 } },
        neighbors: [{ address: '10.0.0.2', peerGroup: 'G', ttlSecurityHops: 3 }],
      },
    },
    'error bgp.neighbors[0].ttlSecurityHops: clashes with ebgpMultihop',
  ],
  [
    '15 multihop',
    { ...BGP, bgp: { asn: 1, neighbors: [{ interface: 'eth1', remoteAs: 2, ebgpMultihop: 3 }] } },
    'error bgp.neighbors[0].ebgpMultihop: does not apply to a neighbor given by interface',
  ],
  [
    '15 multihop',
    { ...BGP, bgp: { asn: 1, neighbors: [{ interface: 'eth1', remoteAs: 2, ttlSecurityHops: 3 }] } },
    'error bgp.neighbors[0].ttlSecurityHops: is 1 for a neighbor given by interface',
  ],
  [
    '15 aggregates',
    {
      ...BGP,
      bgp: { ...BGP.bgp, ipv4: { aggregateAddresses: [{ prefix: '10.0.0.0/8' }, { prefix: '10.0.0.0/8' }] } },
    },
    'error bgp.ipv4.aggregateAddresses[1].prefix: 10.0.0.0/8 is listed twice',
  ],
  [
    '12 all passive',
    {
      ...OSPF,
      interfaces: {},
      ospf: { passiveInterfaceDefault: true, networks: [{ prefix: '10.0.0.0/8' }] },
    },
    'warning ospf.passiveInterfaceDefault: makes every interface passive',
  ],
  ['12 nothing runs', { ...OSPF, interfaces: {} }, 'error ospf: runs on no interface'],
  [
    '13 point-to-point',
    eth1({ network: 'point-to-point' }),
    'warning interfaces.eth1.ospf.network: point-to-point works with exactly two routers',
  ],
  [
    '14 keys',
    eth1({ authentication: { type: 'simple', key: 'nine-long' } }),
    'error interfaces.eth1.ospf.authentication.key: the secret has at most 8',
  ],
  [
    '14 keys',
    eth1({ authentication: { type: 'message-digest', keys: [{ id: 256, key: 'a' }] } }),
    'error interfaces.eth1.ospf.authentication.keys[0].id: a key id is',
  ],
  [
    '14 keys',
    eth1({
      authentication: {
        type: 'message-digest',
        keys: [
          { id: 1, key: 'a' },
          { id: 1, key: 'b' },
        ],
      },
    }),
    'error interfaces.eth1.ospf.authentication.keys[1].id: 1 is used twice',
  ],
  [
    '14 keys',
    eth1({
      authentication: {
        type: 'hmac-sha-256',
        keys: [
          { id: 7, key: 'a' },
          { id: 7, key: 'b' },
        ],
      },
    }),
    'error interfaces.eth1.ospf.authentication.keys[1].id: 7 is used twice',
  ],
  [
    '14 keys',
    eth1({ authentication: { type: 'hmac-sha-256', keys: [{ id: 256, key: 'a' }] } }),
    'error interfaces.eth1.ospf.authentication.keys[0].id: a key id is',
  ],
  [
    '14 keys',
    eth1({ authentication: { type: 'hmac-sha-256', keys: [{ id: 1, key: 'a'.repeat(65) }] } }),
    'error interfaces.eth1.ospf.authentication.keys[0].key: the secret has at most 64',
  ],
  ['14 password', peer({ password: 'has space' }), 'error bgp.neighbors[0].password: the secret is one word'],
  ['14 login', { ...OSPF, vty: { password: '(x' } }, 'error vty.password: the secret starts with a letter or a digit'],
  [
    '14 algorithm',
    {
      ...OSPF,
      interfaces: {
        eth1: { ospf: {}, ospf6: { authentication: { keyId: 1, algorithm: 'hmac-sha-512', key: 'x' } } },
      },
      ospf6: {},
    },
    'error interfaces.eth1.ospf6.authentication.algorithm: is md5 or hmac-sha-256',
  ],
  ['15 AS', { ...BGP, bgp: { asn: 0, neighbors: [] } }, 'error bgp.asn: an AS number is'],
  ['15 AS', { ...BGP, bgp: { ...BGP.bgp, asn: 4294967295 } }, 'error bgp.asn: the AS numbers 65535 and 4294967295 are'],
  [
    '15 timers',
    peer({ timers: { keepaliveSec: 1, holdSec: 2 } }),
    'error bgp.neighbors[0].timers.holdSec: is 0 (with keepaliveSec 0) or at least 3',
  ],
  [
    '15 timers',
    peer({ timers: { keepaliveSec: 9, holdSec: 9 } }),
    'error bgp.neighbors[0].timers.keepaliveSec: must be less',
  ],
  [
    '15 multihop',
    peer({ ebgpMultihop: 3, ttlSecurityHops: 2 }),
    'error bgp.neighbors[0].ttlSecurityHops: clashes with ebgpMultihop',
  ],
  [
    '16 BFD',
    { ...OSPF, bfd: { profiles: { fast: { receiveIntervalMs: 5 } } } },
    'error bfd.profiles.fast.receiveIntervalMs: the receive interval is a whole number from 10',
  ],
  [
    '17 pools',
    { ...OSPF, export: { ipv4Lengths: { ge: 24 } } },
    'error export.ipv4Lengths: announces pools and host routes together',
  ],
  [
    '17 pools',
    { ...OSPF, containers: ['10.112.0.0/12', '10.112.0.0/16'], export: { ipv4Lengths: { ge: 24, le: 24 } } },
    'error export.ipv4Lengths: announces pools of nested container prefixes',
  ],
  [
    '17 blocks',
    { ...OSPF, containers: ['10.112.0.0/26'], export: { ipv4Block: 26 } },
    'error export.ipv4Block: is not longer than the container prefix 10.112.0.0/26',
  ],
  ['17 blocks', { ...OSPF, export: { ipv4Block: 32 } }, 'error export.ipv4Block: needs a length below 32'],
  [
    '17 blocks',
    { ...OSPF, export: { ipv4Block: 26, unfiltered: true } },
    'error export.ipv4Block: says nothing: export.unfiltered announces every route',
  ],
  ['19 neighbors', { ...BGP, bgp: { asn: 1 } }, 'error bgp.neighbors: is empty'],
  [
    '19 remote AS',
    { ...BGP, bgp: { asn: 1, neighbors: [{ address: '10.0.0.2' }] } },
    'error bgp.neighbors[0].remoteAs: is missing',
  ],
  ['no protocol', { routerId: '10.0.0.1', containers: ['10.112.0.0/12'] }, 'error input: has no routing protocol'],
  ['unknown field', { ...OSPF, osfp: {} }, 'error osfp: is not a known field'],
];
