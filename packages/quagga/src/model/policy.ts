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

const match = z.strictObject({
  prefixList: name.optional().meta({ description: 'A prefix list of the route map’s family.' }),
  tag: tag.optional(),
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

export const exportPolicy = z.strictObject({
  source: z
    .enum(['kernel', 'connected', 'static'])
    .optional()
    .meta({ description: 'Default kernel: where the plugin’s routes are.' }),
  ipv4Lengths: lengthRange.optional().meta({ description: 'Default { ge: 32 }: host routes only.' }),
  ipv6Lengths: lengthRange.optional().meta({ description: 'Default { ge: 128 }: host routes only.' }),
  metric: metric.optional(),
  metricType: metricType.optional().meta({ description: 'OSPF external type, default 2.' }),
  tag: tag.optional(),
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
        'Exactly these routes are taken from other routers. BGP without this: everything inside the container prefixes.',
    }),
});

export type PrefixListEntry = z.infer<typeof prefixListEntry>;
export type PrefixList = z.infer<typeof prefixList>;
export type RouteMapEntry = z.infer<typeof routeMapEntry>;
export type RouteMap = z.infer<typeof routeMap>;
export type ExportPolicy = z.infer<typeof exportPolicy>;
export type ImportPolicy = z.infer<typeof importPolicy>;
