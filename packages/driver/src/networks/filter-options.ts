import { canonicalHostAddress } from '@routed/ipam';
import { type Direction, formatAllowList, isNetfilterError, parseAllowList } from '@routed/netfilter';
import { z } from 'zod';
import { addressList, filterMode, isolation, tracking, whenAway } from './option-values.ts';
import { listOf } from './text-list.ts';

/** As `parseAllowList` of @routed/netfilter reads it; absent: every peer is allowed. */
const allowList = { stored: z.string().exactOptional() };
const resolvers = { stored: addressList.exactOptional() };
/** How many name servers `routed.dns` may name. Docker itself asks three. */
const MAX_RESOLVERS = 16;
const spoofing = z.enum(['strict', 'allow'], { error: 'expected strict or allow' });

/** The options of networks and endpoints about who may reach whom. */
export const FILTER_OPTIONS = {
  ingress: {
    key: 'routed.ingress',
    text: z.string({ error: 'expected a list of sources' }).transform(canonicalAllowList('ingress')),
    network: {
      ...allowList,
      docs: ['…', '`any`', 'who may open connections to its containers, unless they say so themselves'],
    },
    endpoint: {
      ...allowList,
      changedBy: 'routed-plugin ingress set',
      docs: ['…', "the network's", 'who may open connections to it'],
    },
  },
  ingressMode: {
    key: 'routed.ingress-mode',
    text: z.string().toLowerCase().pipe(filterMode),
    network: {
      stored: filterMode.exactOptional(),
      docs: [
        'observe',
        '`enforce`',
        '`observe`: `routed.ingress` refuses nothing, and what it would refuse is counted',
      ],
    },
    endpoint: {
      stored: filterMode.exactOptional(),
      docs: ['observe', "the network's", 'the same for this endpoint'],
    },
  },
  isolation: {
    key: 'routed.isolation',
    text: z.string().toLowerCase().pipe(isolation),
    network: {
      stored: isolation.exactOptional(),
      docs: [
        'network',
        '`none`',
        '`network`: only addresses of its subnets and `routed.prefixes` may open connections to its containers, and whom `routed.ingress` lists',
      ],
    },
  },
  egress: {
    key: 'routed.egress',
    text: z.string({ error: 'expected a list of destinations' }).transform(canonicalAllowList('egress')),
    network: {
      ...allowList,
      docs: ['…', '`any`', 'where its containers may open connections to, unless they say so themselves'],
    },
    endpoint: {
      ...allowList,
      changedBy: 'routed-plugin egress set',
      docs: ['…', "the network's", 'where it may open connections to'],
    },
  },
  egressMode: {
    key: 'routed.egress-mode',
    text: z.string().toLowerCase().pipe(filterMode),
    network: {
      stored: filterMode.exactOptional(),
      docs: ['observe', '`enforce`', '`observe`: `routed.egress` refuses nothing, and what it would refuse is counted'],
    },
    endpoint: {
      stored: filterMode.exactOptional(),
      docs: ['observe', "the network's", 'the same for this endpoint'],
    },
  },
  egressWhenAway: {
    key: 'routed.egress-when-away',
    text: z.string().toLowerCase().pipe(whenAway),
    network: {
      stored: whenAway.exactOptional(),
      docs: [
        'open',
        '`closed`',
        '`open`: while the plugin does not run, its containers with names in `routed.egress` may open connections to everywhere (see [filters](filters.md#while-the-plugin-is-away))',
      ],
    },
    endpoint: {
      stored: whenAway.exactOptional(),
      docs: ['open', "the network's", 'the same for this endpoint'],
    },
  },
  dns: {
    key: 'routed.dns',
    text: listOf('an address such as 10.0.0.53 or fd00::53', canonicalHostAddress, {
      maxItems: MAX_RESOLVERS,
      name: 'name servers',
    }),
    network: {
      ...resolvers,
      docs: ['…', "the host's", 'up to 16 name servers that its containers may ask, whatever `routed.egress` lists'],
    },
    endpoint: {
      ...resolvers,
      docs: ['…', "the network's", 'the name servers that it may ask'],
    },
  },
  conntrack: {
    key: 'routed.conntrack',
    text: z.string().toLowerCase().pipe(tracking),
    network: {
      stored: tracking.exactOptional(),
      docs: [
        'off',
        '`on`',
        '`off`: the host does not track connections between its containers and other hosts; not with lists (see [filters](filters.md#connections-that-are-not-tracked))',
      ],
    },
    endpoint: {
      stored: tracking.exactOptional(),
      docs: ['off', "the network's", 'whether the host tracks its connections with other hosts'],
    },
  },
  spoof: {
    key: 'routed.spoof',
    text: spoofing,
    network: {
      default: 'strict',
      stored: spoofing,
      docs: ['allow', '`strict`', 'whether containers may send from addresses that they do not have'],
    },
    endpoint: {
      stored: spoofing,
      docs: ['allow', "the network's", 'whether it may send from addresses that it does not have'],
    },
  },
} as const;

/** Kept in one way of writing. */
function canonicalAllowList(direction: Direction): (text: string, context: z.RefinementCtx) => string {
  return (text, context) => {
    try {
      return formatAllowList(parseAllowList(text, direction));
    } catch (error) {
      if (!isNetfilterError(error)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  };
}
