import { z } from 'zod';
import { chainKey } from './keys.ts';
import { area, bfdUse, integer, metric, metricType, prefix, secret, tag } from './primitives.ts';

const seconds = (what: string): z.ZodInt => integer(1, 65535, `${what} in seconds`);

const authentication = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('null') }),
  z.strictObject({ type: z.literal('simple'), key: secret(8) }),
  z.strictObject({
    type: z.literal('message-digest'),
    keys: z.array(z.strictObject({ id: integer(1, 255, 'a key id'), key: secret(16) })).min(1),
  }),
  z
    .strictObject({
      type: z.literal('hmac-sha-256'),
      keys: z.array(chainKey).min(1),
    })
    .meta({
      description:
        'RFC 5709, as a key chain (FRR 10). All valid keys are taken; of those to send, the one with the lowest id is sent.',
    }),
]);

const common = {
  area: area.optional().meta({ description: 'Default 0.0.0.0. Not together with ospf.networks.' }),
  passive: z.boolean().optional(),
  cost: integer(1, 65535, 'a cost').optional(),
  priority: integer(0, 255, 'a priority').optional(),
  helloIntervalSec: seconds('the hello interval').optional(),
  deadIntervalSec: seconds('the dead interval')
    .optional()
    .meta({ description: 'Default four times the hello interval.' }),
  retransmitIntervalSec: seconds('the retransmit interval').optional(),
  mtuIgnore: z.boolean().optional(),
  bfd: bfdUse.optional(),
};

/** OSPFv2 on one interface. Everything but cost, priority, passive and BFD must agree on the whole segment. */
export const ospfInterface = z.strictObject({
  ...common,
  transmitDelaySec: seconds('the transmit delay').optional(),
  network: z.enum(['broadcast', 'non-broadcast', 'point-to-point', 'point-to-multipoint']).optional(),
  minimalHelloMultiplier: integer(2, 10, 'a hello multiplier')
    .optional()
    .meta({ description: 'Dead interval of 1 s with this many hellos in it.' }),
  authentication: authentication.optional(),
});

/** OSPFv3 on one interface; FRR 8.4 has no point-to-multipoint here. */
export const ospf6Interface = z.strictObject({
  ...common,
  transmitDelaySec: integer(1, 3600, 'the transmit delay in seconds').optional(),
  network: z.enum(['broadcast', 'point-to-point']).optional(),
  instanceId: integer(0, 255, 'an instance id').optional(),
  authentication: z
    .strictObject({
      keyId: integer(1, 65535, 'a key id'),
      algorithm: z.enum(['md5', 'hmac-sha-256'], {
        error: 'is md5 or hmac-sha-256; Debian’s FRR has no other algorithm',
      }),
      key: secret(64),
    })
    .optional(),
});

const spf = z.strictObject({
  delayMs: integer(0, 600000, 'an SPF delay'),
  holdMs: integer(0, 600000, 'an SPF hold time'),
  maximumHoldMs: integer(0, 600000, 'an SPF maximum hold time'),
});

const areaOptions = {
  id: area,
  type: z.enum(['stub', 'nssa']).optional(),
  noSummary: z.boolean().optional().meta({ description: 'Totally stubby: no inter-area routes.' }),
  ranges: z.array(z.strictObject({ prefix, advertise: z.boolean().optional() })).optional(),
};

const gracefulRestart = z.strictObject({
  gracePeriodSec: integer(1, 1800, 'the grace period').optional(),
  helper: z.boolean().optional().meta({ description: 'Keep the routes of a neighbor that restarts.' }),
});

const process = {
  spf: spf.optional(),
  lsaMinArrivalMs: integer(0, 5000, 'the minimum LSA arrival time')
    .optional()
    .meta({ description: '0 avoids a 5-10 s delay when a route changes twice within 1 s.' }),
  maximumPaths: integer(1, 256, 'the number of paths').optional(),
  autoCostReferenceBandwidthMbps: integer(1, 4294967, 'the reference bandwidth').optional(),
  defaultInformation: z
    .strictObject({ always: z.boolean().optional(), metric: metric.optional(), metricType: metricType.optional() })
    .optional()
    .meta({ description: 'Announce the default route.' }),
  logAdjacencyChanges: z.union([z.boolean(), z.literal('detail')]).optional(),
  summaryAddresses: z
    .array(z.strictObject({ prefix, advertise: z.boolean().optional(), tag: tag.optional() }))
    .optional()
    .meta({ description: 'Aggregation of announced routes (FRR).' }),
  aggregationTimerSec: integer(5, 1800, 'the aggregation timer').optional(),
  gracefulRestart: gracefulRestart.optional(),
};

export const ospf = z.strictObject({
  networks: z
    .array(z.strictObject({ prefix, area: area.optional() }))
    .optional()
    .meta({
      description: 'Interfaces with an address in one of these run OSPF. Not together with an area on an interface.',
    }),
  passiveInterfaceDefault: z.boolean().optional(),
  areas: z
    .array(z.strictObject({ ...areaOptions, authentication: z.enum(['simple', 'message-digest']).optional() }))
    .optional(),
  lsaAllThrottleMs: integer(0, 5000, 'the LSA throttle').optional(),
  maximumMetric: z
    .strictObject({
      administrative: z.literal(true).optional().meta({ description: 'Until it is taken out again.' }),
      onStartupSec: integer(5, 86400, 'the start-up time').optional(),
      onShutdownSec: integer(5, 100, 'the shutdown time').optional(),
    })
    .optional()
    .meta({
      description: 'No transit traffic (RFC 6987). Does not drain announced routes; "quagga-config drain" does both.',
    }),
  ...process,
});

export const ospf6 = z.strictObject({
  areas: z.array(z.strictObject(areaOptions)).optional(),
  stubRouter: z.boolean().optional(),
  ...process,
});

export type OspfInterface = z.infer<typeof ospfInterface>;
export type Ospf6Interface = z.infer<typeof ospf6Interface>;
export type Ospf = z.infer<typeof ospf>;
export type Ospf6 = z.infer<typeof ospf6>;
