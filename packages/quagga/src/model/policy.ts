import { z } from 'zod';
import { asn, integer, metric, metricType, name, prefix, tag, text } from './primitives.ts';

const action = z.enum(['permit', 'deny']);
const maskLength = integer(0, 128, 'a prefix length');
const sequence = integer(1, 4294967295, 'a sequence number');

const prefixListEntry = z.strictObject({
  seq: sequence.optional(),
  action,
  prefix,
  ge: maskLength.optional(),
  le: maskLength.optional(),
});

export const prefixList = z.strictObject({
  family: z.enum(['ipv4', 'ipv6']),
  description: text(80).optional(),
  entries: z.array(prefixListEntry).min(1, 'has no entry; an empty list permits everything'),
});

const community = z
  .string()
  .regex(
    /^(\d{1,5}:\d{1,5}|no-export|no-advertise|local-AS|graceful-shutdown|blackhole)$/,
    'a community is 65000:1 or a well-known name',
  )
  .refine(
    (value) => !value.includes(':') || value.split(':').every((half) => Number(half) <= 65535),
    'each half is at most 65535',
  );

const largeCommunity = z
  .string()
  .regex(/^\d{1,10}:\d{1,10}:\d{1,10}$/, 'a large community is 65000:1:2 (RFC 8092)')
  .refine(
    (value) => value.split(':').every((part) => Number(part) <= 4294967295),
    'each part of a large community is at most 4294967295',
  );

const match = z.strictObject({
  // FRR's own range (yang/frr-route-map.yang): it takes a line with 0, and drops it when it loads the file.
  metric: integer(1, 4294967295, 'a metric to match').optional().meta({ description: 'The MED.' }),
  prefixList: name.optional().meta({ description: 'A prefix list of the route map’s family.' }),
  tag: tag.optional(),
  community: z
    .array(community)
    .min(1)
    .max(32, 'has more than 32 communities')
    .optional()
    .meta({ description: 'Routes that have all of these communities (FRR). BGP only.' }),
  largeCommunity: z
    .array(largeCommunity)
    .min(1)
    .max(32, 'has more than 32 large communities')
    .optional()
    .meta({ description: 'Routes that have all of these large communities (RFC 8092; FRR). BGP only.' }),
  localRoutes: z
    .literal(true)
    .optional()
    .meta({ description: 'Routes with an empty AS path: not learnt from another AS.' }),
});

const set = z.strictObject({
  metric: metric.optional(),
  tag: tag.optional(),
  localPreference: integer(0, 4294967295, 'a local preference').optional(),
  community: z
    .array(community)
    .min(1)
    .max(32, 'has more than 32 communities')
    .optional()
    .meta({ description: 'Added to the communities of the route.' }),
  largeCommunity: z
    .array(largeCommunity)
    .min(1)
    .max(32, 'has more than 32 large communities')
    .optional()
    .meta({ description: 'Added to the large communities of the route (RFC 8092; FRR).' }),
  linkBandwidthMbps: integer(1, 25600, 'a bandwidth in Mbit/s')
    .optional()
    .meta({ description: 'Weight among several ways to one address (extended community; FRR).' }),
  asPathPrepend: z.array(asn).min(1).max(10).optional(),
});

const routeMapEntry = z.strictObject({
  seq: integer(1, 65535, 'a sequence number').optional(),
  action,
  description: text(80).optional(),
  match: match.optional(),
  set: set.optional(),
});

/** For BGP neighbors, which are the only users of a route map of one's own. */
export const routeMap = z.strictObject({
  family: z.enum(['ipv4', 'ipv6']),
  entries: z.array(routeMapEntry).min(1),
});

const lengthRange = z.strictObject({ ge: maskLength.optional(), le: maskLength.optional() });

const exportAttributes = z.strictObject({
  match: z
    .strictObject({
      prefixes: z.array(prefix).min(1).optional(),
      metric: integer(1, 65535, 'a metric of host routes')
        .optional()
        .meta({ description: 'Containers with this routed.metric. BGP only: ospfd does not look at it.' }),
    })
    .refine(({ prefixes, metric: own }) => prefixes !== undefined || own !== undefined, 'needs prefixes or metric'),
  set: set.refine((value) => Object.keys(value).length > 0, 'is empty; say what to announce'),
});

export const exportPolicy = z.strictObject({
  source: z
    .enum(['kernel', 'connected', 'static'])
    .optional()
    .meta({ description: 'Default kernel: where the plugin’s routes are.' }),
  ipv4Lengths: lengthRange.optional().meta({ description: 'Default { ge: 32 }: host routes only.' }),
  ipv6Lengths: lengthRange.optional().meta({ description: 'Default { ge: 128 }: host routes only.' }),
  ipv4Block: maskLength.optional().meta({ description: 'Prefix length of routed.block: blocks are announced, too.' }),
  ipv6Block: maskLength.optional().meta({ description: 'The same for IPv6.' }),
  metric: metric.optional(),
  metricType: metricType.optional().meta({ description: 'OSPF external type, default 2.' }),
  tag: tag.optional(),
  attributes: z.array(exportAttributes).max(100).optional().meta({
    description: 'What announced routes get beside the above; the first entry that matches a route decides.',
  }),
  unfiltered: z
    .literal(true)
    .optional()
    .meta({ description: 'Announce every route of the source. BGP still never announces the default route.' }),
});

export const importPolicy = z.strictObject({
  permit: z
    .array(z.strictObject({ prefix, ge: maskLength.optional(), le: maskLength.optional() }))
    .min(1)
    .meta({
      description:
        'Exactly these routes are taken from other routers. BGP without this: inside the container prefixes, on a host with the lengths of export.',
    }),
});

export type PrefixListEntry = z.infer<typeof prefixListEntry>;
export type PrefixList = z.infer<typeof prefixList>;
export type RouteMapEntry = z.infer<typeof routeMapEntry>;
export type RouteMap = z.infer<typeof routeMap>;
export type ExportAttributes = z.infer<typeof exportAttributes>;
export type ExportPolicy = z.infer<typeof exportPolicy>;
export type ImportPolicy = z.infer<typeof importPolicy>;
