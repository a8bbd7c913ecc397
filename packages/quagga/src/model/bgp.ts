import { z } from 'zod';
import {
  asn,
  bfdUse,
  integer,
  interfaceName,
  ipAddress,
  metric,
  name,
  ownAsn,
  prefix,
  routerId,
  secret,
  text,
} from './primitives.ts';

const maximumPrefix = z.strictObject({
  limit: integer(1, 4294967295, 'a prefix limit'),
  thresholdPercent: integer(1, 100, 'a threshold').optional(),
  warningOnly: z.literal(true).optional(),
  restartMin: integer(1, 65535, 'a restart interval')
    .optional()
    .meta({ description: 'Minutes until the session is tried again.' }),
});

const peerFamily = z.strictObject({
  routeMapIn: name.optional().meta({ description: 'Chooses among what the import policy lets in.' }),
  routeMapOut: name.optional().meta({ description: 'Chooses among what the export policy lets out.' }),
  nextHopSelf: z.boolean().optional(),
  routeReflectorClient: z.boolean().optional(),
  softReconfigurationInbound: z.boolean().optional(),
  allowOwnAs: integer(1, 10, 'how often')
    .optional()
    .meta({ description: 'Take routes whose path has our own AS number up to so often.' }),
  sendAllPaths: z.boolean().optional().meta({ description: 'Also ways that are not best (RFC 7911; FRR).' }),
  maximumPrefix: maximumPrefix.optional(),
});

const timers = z.strictObject({
  keepaliveSec: integer(0, 65535, 'a keepalive time'),
  holdSec: integer(0, 65535, 'a hold time'),
});

const session = {
  remoteAs: z
    .union([asn, z.enum(['internal', 'external'])], { error: 'is an AS number, internal or external' })
    .optional(),
  description: text(80).optional(),
  password: secret(80).optional(),
  shutdown: z.boolean().optional(),
  passive: z.boolean().optional(),
  bfd: bfdUse.optional(),
  timers: timers.optional(),
  connectRetrySec: integer(1, 65535, 'the connect retry time').optional(),
  advertisementIntervalSec: integer(0, 600, 'the advertisement interval').optional(),
  ebgpMultihop: integer(2, 255, 'the number of hops').optional(),
  ttlSecurityHops: integer(1, 254, 'the number of hops').optional(),
  updateSource: z.union([ipAddress, interfaceName], { error: 'is an address or an interface name' }).optional(),
  extendedNexthop: z.boolean().optional().meta({ description: 'IPv4 routes with IPv6 next hops (RFC 8950).' }),
  families: z
    .array(z.enum(['ipv4', 'ipv6']))
    .min(1)
    .optional()
    .meta({ description: 'Default: by the kind of neighbor.' }),
  ipv4: peerFamily.optional(),
  ipv6: peerFamily.optional(),
};

const peerGroup = z.strictObject({
  ...session,
  towards: z
    .literal('hosts')
    .optional()
    .meta({ description: 'On a switch: its members are hosts, whose sessions fleet.containersPerHost limits.' }),
});

const neighbor = z
  .strictObject({
    address: ipAddress.optional(),
    interface: interfaceName.optional().meta({ description: 'BGP unnumbered.' }),
    v6only: z.boolean().optional(),
    peerGroup: name.optional(),
    ...session,
  })
  .refine(
    (value) => (value.address === undefined) !== (value.interface === undefined),
    'needs either address or interface',
  );

const family = z.strictObject({
  maximumPaths: integer(1, 256, 'the number of paths').optional(),
  maximumPathsIbgp: integer(1, 256, 'the number of paths').optional(),
  aggregateAddresses: z.array(z.strictObject({ prefix, summaryOnly: z.boolean().optional() })).optional(),
  metric: metric.optional().meta({ description: 'MED of announced routes; default export.metric.' }),
});

export const bgp = z.strictObject({
  asn: ownAsn,
  transit: z
    .boolean()
    .optional()
    .meta({ description: 'Also announce routes learnt from other neighbors: for a switch, not for a host.' }),
  multipathRelax: z.boolean().optional().meta({ description: 'ECMP over neighbors of different AS.' }),
  alwaysCompareMed: z
    .boolean()
    .optional()
    .meta({ description: 'Compare metrics of neighbors of different AS. All routers of an AS alike.' }),
  clusterId: routerId.optional().meta({ description: 'Of a route reflector; default its router id.' }),
  logNeighborChanges: z.boolean().optional(),
  gracefulRestart: z
    .strictObject({
      restartTimeSec: integer(0, 4095, 'the restart time').optional(),
      stalePathTimeSec: integer(1, 4095, 'the stale path time').optional(),
      preserveForwardingState: z.boolean().optional(),
    })
    .optional(),
  gracefulShutdown: z
    .boolean()
    .optional()
    .meta({ description: 'Announce everything with the lowest preference (RFC 8326); see "quagga-config drain".' }),
  coalesceTimeMs: integer(0, 4294967295, 'the coalesce time').optional(),
  timers: timers.optional(),
  peerGroups: z.record(name, peerGroup).optional(),
  neighbors: z.array(neighbor).optional(),
  listenLimit: integer(1, 65535, 'the number of dynamic neighbors').optional(),
  listenRanges: z.array(z.strictObject({ prefix, peerGroup: name })).optional(),
  ipv4: family.optional(),
  ipv6: family.optional(),
});

export const bfd = z.strictObject({
  profiles: z.record(
    name,
    z.strictObject({
      receiveIntervalMs: integer(10, 60000, 'the receive interval').optional(),
      transmitIntervalMs: integer(10, 60000, 'the transmit interval').optional(),
      detectMultiplier: integer(2, 255, 'the detect multiplier').optional(),
      passive: z.boolean().optional(),
    }),
  ),
});

export type PeerFamily = z.infer<typeof peerFamily>;
export type PeerGroup = z.infer<typeof peerGroup>;
export type Neighbor = z.infer<typeof neighbor>;
export type BgpFamily = z.infer<typeof family>;
export type Bgp = z.infer<typeof bgp>;
export type Bfd = z.infer<typeof bfd>;
