import type { LinkAttributes } from '@routed/datapath';
import { canonicalAddress, canonicalHostAddress, formatPrefix, parsePrefix } from '@routed/ipam';
import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import {
  ANNOUNCE_POLICIES,
  blockText,
  durationText,
  isUnicastIpv4,
  mtuText,
  numberText,
  signalText,
} from './option-values.ts';
import { FILTER_OPTIONS } from './filter-options.ts';
import { RATE_OPTIONS } from './rate-options.ts';
import { listOf } from './text-list.ts';

/** What an option is to a network, or to an endpoint. */
interface InScope {
  /** The value when nobody gives one; absent: there is none. */
  readonly default?: unknown;
  /** The form of the value in a record; absent: records do not keep it. Endpoints take what they keep from their network. */
  readonly stored?: z.ZodType;
  /** The command that changes it while a container runs; absent: it stays. */
  readonly changedBy?: string;
  /** The row of docs/options.md: the value as typed, what holds without it, what it means. */
  readonly docs: readonly [example: string, absent: string, meaning: string];
}

interface DriverOption {
  readonly key: `routed.${string}`;
  /** Reads the text of the value. */
  readonly text: z.ZodType;
  /** Whether the field is an attribute of both ends of an endpoint's pair of links, as @routed/netns names it. */
  readonly isLinkAttribute?: true;
  readonly network?: InScope;
  readonly endpoint?: InScope;
}

/** How many prefixes one network may have beside its subnets. Each is compared with every other one of the host's. */
const MAX_PREFIXES = 256;

/** How many addresses one endpoint may have beside those that Docker knows of. Each is a route on every host. */
export const MAX_ADDITIONAL_ADDRESSES = 4096;

/** Fits the kernel, zebra (24 bits), OSPF and BGP. IPv6 has no 0: the kernel makes 1024 of it. */
const metric = z.int().positive();
const blockLength = z.int().positive().exactOptional();
const queueLength = { stored: z.int().nonnegative().exactOptional() };
const announcePolicy = z.enum(ANNOUNCE_POLICIES, {
  error: 'expected always, running, healthy or manual',
});
/** How long an announcement may wait, or a drain may take. */
const LONGEST_WAIT_MS = 3_600_000;
const announceDelay = durationText(LONGEST_WAIT_MS);
const conflictPolicy = z.enum(['keep', 'yield', 'handover'], { error: 'expected keep, yield or handover' });

/**
 * Every option of networks (`docker network create -o`) and endpoints (`driver-opt`), by the field that has its value. Types,
 * parsing, records, errors and docs/options.md follow from it.
 */
export const OPTIONS = {
  mtuBytes: {
    key: 'routed.mtu',
    text: mtuText,
    isLinkAttribute: true,
    network: {
      stored: z.int().positive().exactOptional(),
      docs: ['9000', "the daemon's", 'MTU of its links, 68 to 65535, at least 1280 with IPv6'],
    },
  },
  txQueueLength: {
    key: 'routed.tx-queue-length',
    text: numberText(0, 1_000_000),
    isLinkAttribute: true,
    network: {
      ...queueLength,
      docs: [
        '200',
        "the kernel's",
        'packets that a queue of its links holds, 0 to 1,000,000, where `tc` names no limit',
      ],
    },
    endpoint: {
      ...queueLength,
      docs: ['200', "the network's", 'packets that a queue of its links holds'],
    },
  },
  gateways: {
    key: 'routed.gateway',
    text: listOf('a unicast gateway address such as 10.1.0.1 or fd00:1::1', canonicalGateway, {
      maxItems: MAX_PREFIXES,
      name: 'gateways',
    })
      .refine(
        (gateways) => gateways.filter(isIPv4).length <= 1 && gateways.filter(isIPv6).length <= 1,
        'expected at most one IPv4 and one IPv6 gateway',
      )
      .transform(byFamily),
    network: {
      default: {},
      docs: [
        '10.9.0.1',
        "the daemon's",
        "its gateway, at most one of each family; may lie outside of the subnet. In a prefix that is connected to the host it must be the host's own address, or one that nobody answers for: the host asks on the link, for 1 s",
      ],
    },
  },
  prefixes: {
    key: 'routed.prefixes',
    text: listOf('a prefix such as 192.168.7.0/24 or fd00:7::/64', (item) => formatPrefix(parsePrefix(item)), {
      maxItems: MAX_PREFIXES,
      name: 'prefixes',
    }),
    network: {
      default: [],
      docs: ['…', 'none', 'up to 256 prefixes that additional addresses may come from beside the subnets'],
    },
  },
  addresses: {
    key: 'routed.addresses',
    text: listOf('an address such as 10.1.0.3 or fd00:1::3', canonicalHostAddress, {
      maxItems: MAX_ADDITIONAL_ADDRESSES,
      name: 'addresses',
    }),
    endpoint: {
      default: [],
      changedBy: 'routed-plugin address',
      docs: ['…', 'none', "up to 4,096 more addresses, from the network's subnets or its `routed.prefixes`"],
    },
  },
  isAnycast: {
    key: 'routed.anycast',
    text: z.stringbool({ error: 'expected true or false' }),
    network: {
      stored: z.boolean().exactOptional(),
      docs: ['true', '`false`', 'other hosts may have the addresses of its containers, too'],
    },
    endpoint: {
      docs: ['true', "the network's", 'other hosts may have `routed.addresses` too'],
    },
  },
  isSticky: {
    key: 'routed.sticky',
    text: z.stringbool({ error: 'expected on or off' }),
    network: {
      stored: z.boolean().exactOptional(),
      docs: [
        'off',
        '`on`',
        'whether an address that was chosen for a container stays its own, also while it does not run: see [operations](operations.md#addresses-that-stay)',
      ],
    },
  },
  onConflict: {
    key: 'routed.on-conflict',
    text: z.string().toLowerCase().pipe(conflictPolicy),
    network: {
      stored: conflictPolicy.exactOptional(),
      docs: [
        'yield',
        '`keep`',
        'what this host does when another one announces an address of its containers as well: `keep` it; withdraw its route if the other has the lower id (`yield`); or leave it to the other, which takes it over (`handover`, see [announcing](announcing.md#moving-an-address))',
      ],
    },
  },
  isTakeover: {
    key: 'routed.takeover',
    text: z.stringbool({ error: 'expected true or false' }),
    network: {
      stored: z.boolean().exactOptional(),
      docs: [
        'true',
        '`false`',
        'its containers may have addresses that another host announces, and take them over: see [announcing](announcing.md#moving-an-address)',
      ],
    },
    endpoint: {
      stored: z.boolean().exactOptional(),
      docs: ['true', "the network's", 'the same for this endpoint'],
    },
  },
  announce: {
    key: 'routed.announce',
    text: z.string().toLowerCase().pipe(announcePolicy),
    network: {
      stored: announcePolicy.exactOptional(),
      docs: ['healthy', '`always`', 'when routers tell other hosts of its containers: see [announcing](announcing.md)'],
    },
    endpoint: {
      stored: announcePolicy.exactOptional(),
      changedBy: 'routed-plugin announce --policy',
      docs: ['manual', "the network's", 'when routers tell other hosts of it: see [announcing](announcing.md)'],
    },
  },
  announceDelayMs: {
    key: 'routed.announce-delay',
    text: announceDelay,
    network: {
      stored: z.int().nonnegative().exactOptional(),
      docs: ['5s', '`0s`', 'how long `routed.announce` has to be met before a container is announced, up to 1h'],
    },
    endpoint: {
      stored: z.int().nonnegative().exactOptional(),
      docs: ['5s', "the network's", 'the same for this endpoint'],
    },
  },
  drainMs: {
    key: 'routed.drain',
    text: announceDelay,
    network: {
      stored: z.int().nonnegative().exactOptional(),
      docs: [
        '30s',
        'none',
        'how long a container with a `--stop-signal` that ends nothing may be drained when it is stopped, up to 1h: see [announcing](announcing.md#draining-at-docker-stop)',
      ],
    },
    endpoint: {
      stored: z.int().nonnegative().exactOptional(),
      docs: ['30s', "the network's", 'the same for this endpoint'],
    },
  },
  drainSignal: {
    key: 'routed.drain-signal',
    text: signalText,
    network: {
      stored: z.string().exactOptional(),
      docs: ['SIGQUIT', '`SIGTERM`', 'what ends a container after `routed.drain`'],
    },
    endpoint: {
      stored: z.string().exactOptional(),
      docs: ['SIGQUIT', "the network's", 'the same for this endpoint'],
    },
  },
  metric: {
    key: 'routed.metric',
    text: numberText(1, 65_535),
    network: {
      stored: metric.exactOptional(),
      docs: [
        '100',
        "the kernel's",
        'metric of the routes to its containers, 1 to 65535: of several hosts with an address, BGP prefers the lowest (see [announcing](announcing.md#primary-and-backup))',
      ],
    },
    endpoint: {
      stored: metric.exactOptional(),
      docs: ['100', "the network's", 'the same for this endpoint'],
    },
  },
  block: {
    key: 'routed.block',
    text: blockText,
    network: {
      stored: z.object({ 4: blockLength, 6: blockLength }).exactOptional(),
      changedBy: 'routed-plugin network block',
      docs: [
        '/26,/122',
        'none',
        'prefix length of the blocks that hosts take addresses from, /16 to /30 for IPv4 and /64 to /126 for IPv6: routers announce a block instead of its addresses (see [blocks](blocks.md))',
      ],
    },
  },
  ...FILTER_OPTIONS,
  ...RATE_OPTIONS,
} as const satisfies Readonly<Record<string, DriverOption>>;

type Scope = 'network' | 'endpoint';
type Registry = typeof OPTIONS;
type Field = keyof Registry;
/** The fields of the options that have this. */
type FieldsWith<T> = { [F in Field]: Registry[F] extends T ? F : never }[Field];
type Defaulted<S extends Scope> = FieldsWith<Readonly<Record<S, { readonly default: unknown }>>>;
type Stored<S extends Scope> = FieldsWith<Readonly<Record<S, { readonly stored: z.ZodType }>>>;
type Value<F extends Field> = z.output<Registry[F]['text']>;

/** When an endpoint is announced. */
export type AnnouncePolicy = z.output<typeof announcePolicy>;

/** What this host does when another one announces the address of one of its containers as well. */
export type ConflictPolicy = z.output<typeof conflictPolicy>;

/** The options of one scope as they were given, or their defaults. */
export type OptionsOf<S extends Scope> = { readonly [F in Defaulted<S>]: Value<F> } & {
  readonly [F in Exclude<FieldsWith<Readonly<Record<S, object>>>, Defaulted<S>>]?: Value<F>;
};

/** What `docker network create -o` may set. */
export type NetworkOptions = OptionsOf<'network'>;

/** What `driver-opt` of `docker run --network` and `docker network connect` may set. */
export type EndpointOptions = OptionsOf<'endpoint'>;

type Shape<S extends Scope> = {
  readonly [F in Stored<S>]: Registry[F] extends Record<S, { readonly stored: infer Z extends z.ZodType }> ? Z : never;
};

/** The options that records of networks and endpoints keep. */
export const STORED_OPTIONS: { readonly [S in Scope]: Shape<S> } = {
  network: shapeOf('network'),
  endpoint: shapeOf('endpoint'),
};

/** The options that the record of a network, or of an endpoint, keeps. */
export type StoredOptions<S extends Scope> = Readonly<z.output<z.ZodObject<Shape<S>>>>;

/** The part of options that records keep. */
export function storedOptions<S extends Scope>(scope: S, options: StoredOptions<S>): StoredOptions<S> {
  return pick(options, Object.keys(STORED_OPTIONS[scope]));
}

const LINK_FIELDS = Object.entries<DriverOption>(OPTIONS).flatMap(([field, { isLinkAttribute }]) =>
  isLinkAttribute === true ? [field] : [],
);

type LinkField = FieldsWith<{ readonly isLinkAttribute: true }>;

/** The options of an endpoint that are attributes of its links. */
export function linkAttributes(
  endpoint: Partial<Pick<LinkAttributes, LinkField>>,
): Partial<Pick<LinkAttributes, LinkField>> {
  return pick(endpoint, LINK_FIELDS);
}

/** The options of this scope, each with its field. */
export function optionsOf(scope: Scope): (DriverOption & InScope & { readonly field: string })[] {
  return Object.entries<DriverOption>(OPTIONS).flatMap(([field, option]) => {
    const inScope = option[scope];
    return inScope === undefined ? [] : [{ ...option, ...inScope, field }];
  });
}

function shapeOf<S extends Scope>(scope: S): Shape<S> {
  const kept = optionsOf(scope).filter(({ stored }) => stored !== undefined);
  return Object.fromEntries(kept.map(({ field, stored }) => [field, stored])) as unknown as Shape<S>;
}

function pick<T extends object>(from: T, fields: readonly string[]): T {
  const picked: Record<string, unknown> = {};
  for (const field of fields) if (Object.hasOwn(from, field)) picked[field] = from[field as keyof T];
  return picked as T;
}

function byFamily(gateways: readonly string[]): { readonly 4?: string; readonly 6?: string } {
  return Object.fromEntries(gateways.map((gateway) => [isIPv4(gateway) ? 4 : 6, gateway]));
}

function canonicalGateway(text: string): string {
  const address = canonicalAddress(text);
  // Neither unspecified, nor loopback, nor multicast.
  const isUnicast = isIPv4(address) ? isUnicastIpv4(address) : !/^(?:::1?$|ff)/.test(address);
  if (!isUnicast) throw new RangeError(`${text} is not a unicast address`);
  return address;
}
