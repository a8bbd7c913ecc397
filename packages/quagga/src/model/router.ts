import { z } from 'zod';
import { bfd, bgp } from './bgp.ts';
import { fleet } from './fleet.ts';
import { ospf, ospf6, ospf6Interface, ospfInterface } from './ospf.ts';
import { exportPolicy, importPolicy, prefixList, routeMap } from './policy.ts';
import { raw } from './raw.ts';
import { hostname, integer, interfaceName, loginPassword, name, prefix, routerId, text } from './primitives.ts';

const routerInterface = z.strictObject({
  description: text(80).optional(),
  ospf: ospfInterface.optional(),
  ospf6: ospf6Interface.optional(),
});

const logLevel = z.enum([
  'emergencies',
  'alerts',
  'critical',
  'errors',
  'warnings',
  'notifications',
  'informational',
  'debugging',
]);

const zebra = z.strictObject({
  workQueueMs: integer(0, 10000, 'the work queue delay')
    .optional()
    .meta({ description: '0 saves 10 ms per route change (FRR).' }),
  nexthopGroups: z.boolean().optional().meta({
    description:
      'false: each route in the kernel has its next hops in itself. With groups, FRR 8.4 loses ways when a link comes back. Default true.',
  }),
  netlinkBufferBytes: integer(65536, 2147483647, 'the netlink buffer size')
    .optional()
    .meta({ description: 'zebra -s; a small buffer loses route events silently. Default 90000000.' }),
});

/** One host’s router, whatever daemon runs it. */
export const routerModelSchema = z.strictObject({
  hostname: hostname.optional(),
  routerId,
  profile: z.enum(['traditional', 'datacenter']).optional().meta({ description: 'FRR’s set of defaults.' }),
  log: z.strictObject({ to: z.literal('syslog'), level: logLevel.optional() }).optional(),
  vty: z.strictObject({ password: loginPassword.optional(), enablePassword: loginPassword.optional() }).optional(),
  zebra: zebra.optional(),
  containers: z.array(prefix).meta({ description: 'The container prefixes: only routes inside them are announced.' }),
  loopbacks: z.array(prefix).min(1, 'has no prefix; leave it out instead').optional().meta({
    description:
      'Prefixes of the hosts’ own addresses on lo: the /32 (/128) inside them is announced, and taken from others.',
  }),
  export: exportPolicy.optional(),
  import: importPolicy.optional(),
  interfaces: z.record(interfaceName, routerInterface).optional(),
  ospf: ospf.optional(),
  ospf6: ospf6.optional(),
  bgp: bgp.optional(),
  bfd: bfd.optional(),
  prefixLists: z.record(name, prefixList).optional(),
  routeMaps: z.record(name, routeMap).optional(),
  fleet: fleet.optional().meta({ description: 'How large the cluster may grow: sizes the guards of the BGP presets.' }),
  raw: raw.optional(),
});

export type RouterModel = z.infer<typeof routerModelSchema>;
export type RouterInterface = z.infer<typeof routerInterface>;
