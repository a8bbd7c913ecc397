import { z } from 'zod';
import { listedAddress } from '../containers/listed-address.ts';
import { addressAnnouncement } from '../endpoints/address-announcement.ts';

const texts = z.array(z.string()).readonly();

/** What is counted: cheap to read, so that metrics do it at every scrape. */
const daemonCounts = z.object({
  totals: z.object({
    networks: z.number(),
    /** Endpoints that are in a container, and those that are in none. */
    joined: z.number(),
    idle: z.number(),
    /** Those in a container that this host announces. */
    announced: z.number(),
    /** Those in a container whose connections with other hosts are not tracked; absent: a daemon of an earlier release. */
    untracked: z.number().optional(),
    /** Addresses that another host announces as well, by what this host does. */
    conflicts: z.object({ kept: z.number(), yielding: z.number(), yielded: z.number() }),
  }),
  pools: z
    .array(
      z.object({
        id: z.string(),
        leased: z.number(),
        /** Those of them that are kept for containers that do not have them now. */
        kept: z.number(),
        /** Rounded above 2^53, as that of an IPv6 prefix is. */
        size: z.number(),
        /** The names of the networks that have it, where Docker has said them. */
        networks: texts,
      }),
    )
    .readonly(),
  /** What Docker forgot and was freed. */
  forgotten: z.object({ left: z.number(), endpoints: z.number(), leases: z.number() }),
  /** What was met of other hosts' addresses. */
  cluster: z.object({
    candidatesSkipped: z.number(),
    requestsRefused: z.number(),
    joinsRefused: z.number(),
    conflictsFound: z.number(),
    conflictsEnded: z.number(),
    yielded: z.number(),
    resumed: z.number(),
  }),
  /** The blocks of this host, by network. */
  blocks: z
    .array(
      z.object({
        prefix: z.string(),
        /** Absent: no network of this host has it. */
        networkId: z.string().exactOptional(),
        /** Addresses of it that an endpoint has, or gets. */
        leased: z.number(),
        size: z.number(),
        /** Other hosts that announce it, too. */
        rivals: texts,
      }),
    )
    .readonly(),
  linksToDelete: z.number(),
  /** The endpoints in a container, by what is said of their announcement; none of what does not occur. */
  announcements: z
    .array(
      addressAnnouncement.pick({ policy: true, isAnnounced: true, reason: true }).extend({ endpoints: z.number() }),
    )
    .readonly(),
  /** What is drained now, and how often drains began and ended. */
  drains: z.object({
    draining: z.number(),
    endpoint: z.object({ begun: z.number(), ended: z.number() }),
    host: z.object({ begun: z.number(), ended: z.number() }),
    stop: z.object({ begun: z.number(), empty: z.number(), timeOver: z.number(), ended: z.number() }),
  }),
});

/** A network as the daemon knows it. */
const networkStatus = z.object({
  id: z.string(),
  /** Absent: Docker has not said it, or does not know the network. */
  name: z.string().optional(),
  mtuBytes: z.number(),
  pools: z
    .array(
      z.object({
        prefix: z.string(),
        gateway: z.string(),
        leased: z.number(),
        /** Those of them that are kept for containers that do not have them now; absent: none. */
        kept: z.number().optional(),
        size: z.number(),
      }),
    )
    .readonly(),
  /** Prefixes that additional addresses may come from as well. */
  prefixes: texts,
  endpoints: z.number(),
});

/** An endpoint as the daemon knows it. */
const endpointStatus = z.object({
  id: z.string(),
  networkId: z.string(),
  link: z.string(),
  addresses: texts,
  /** Those of them that stay its container's own, also while it does not run; absent: none. */
  own: texts.optional(),
  mac: z.string(),
  gateways: texts,
  /** The names of its container and network, where Docker has said them. */
  container: z.string().optional(),
  network: z.string().optional(),
  /** Absent: the endpoint is in no container now. */
  sandboxKey: z.string().optional(),
  /** Absent: the endpoint is in no container now. */
  announcement: addressAnnouncement.optional(),
  /** In the form of `routed.rate-in`; absent: no limit that way. */
  rateIn: z.string().optional(),
  rateOut: z.string().optional(),
  /** The host does not track its connections with other hosts (`routed.conntrack=off`); absent: it does. */
  isUntracked: z.boolean().optional(),
  /** Why nobody may open connections to it; absent: somebody may. */
  closedBy: z.string().optional(),
});

/** How names in lists are followed, and what was counted since the daemon started. */
const namesStatus = z.object({
  /** How the kernel hands over DNS: by nftables, or by iptables and a mark. */
  way: z.enum(['nft', 'iptables', 'none']),
  /** Endpoints with names in their lists. */
  links: z.number(),
  /** Addresses that are open by name, now. */
  open: z.number(),
  /** Packets of DNS that were dropped unread. */
  lost: z.number(),
  lastLossMsAgo: z.number().exactOptional(),
  counters: z.object({
    questions: z.number(),
    answers: z.number(),
    unasked: z.number(),
    unreadable: z.number(),
    closed: z.number(),
  }),
  /** Of the queue; absent: nobody has it. */
  queue: z.object({ waiting: z.number(), droppedFull: z.number(), droppedUnread: z.number() }).exactOptional(),
});
export type NamesReport = Readonly<z.infer<typeof namesStatus>>;

const driverReport = daemonCounts.extend({
  version: z.string(),
  pid: z.number(),
  uptimeSec: z.number(),
  /** Bytes of links of networks that name no MTU. */
  mtuBytes: z.number(),
  /** The uplink whose MTU that was at the start; absent where the operator named the MTU. */
  mtuUplink: z.string().optional(),
  /** The links that lead off the host; absent: none were named with `--uplinks`. */
  uplinks: texts.optional(),
  /** The gateways that networks have unless they say otherwise. */
  gateways: z.object({ 4: z.string(), 6: z.string() }),
  /** What is wrong, for people; empty is good. */
  problems: texts,
  /** What is worth knowing and wrong with nothing, for people. */
  notes: texts,
  networks: z.array(networkStatus).readonly(),
  endpoints: z.array(endpointStatus).readonly(),
  /** Addresses that another host announces as well, now. */
  conflicts: z
    .array(
      z.object({
        address: z.string(),
        endpointId: z.string(),
        since: z.string(),
        state: z.enum(['kept', 'yielding', 'yielded']),
        holders: texts,
        reason: z.string(),
      }),
    )
    .readonly(),
  /** Addresses that have belonged to no endpoint for minutes. */
  looseAddresses: texts,
  /** The last comparison with the kernel; absent: not yet. */
  lastRound: z
    .object({
      at: z.string(),
      endpoints: z.number(),
      repairs: z.record(z.string(), z.number()),
      failed: z.number(),
      ms: z.number(),
    })
    .optional(),
  /** How long ago that was, whatever became of the clock since. */
  reconciledMsAgo: z.number().optional(),
});

/** What the running daemon says of itself: to `status` and `doctor`, and its counts to metrics. */
export const daemonReport = driverReport.extend({
  /** Such as `mnt:[4026531841]`. */
  mountNamespace: z.string(),
  /** What the lists of endpoints in a container were asked, by direction; packets, since they were set. */
  lists: z
    .array(
      z.object({
        endpointId: z.string(),
        container: z.string(),
        network: z.string(),
        direction: z.enum(['ingress', 'egress']),
        examined: z.number(),
        refused: z.number(),
      }),
    )
    .readonly(),
  /** Absent: an older daemon. */
  filtering: z
    .object({
      /** Whether refused packets are logged, and not only counted; absent: there are no filters. */
      isLogging: z.boolean().exactOptional(),
      /** Absent: no list has had names. */
      names: namesStatus.exactOptional(),
    })
    .exactOptional(),
  /** How mounts of others reach /run/docker/netns: `shared`, `slave` or `private`. */
  propagation: z.string(),
  /** Where they were asked for: Docker names their containers, and may take its time. */
  addresses: z.array(listedAddress).readonly().optional(),
});
export type DaemonCounts = Readonly<z.infer<typeof daemonCounts>>;
export type DriverReport = Readonly<z.infer<typeof driverReport>>;
export type DaemonReport = Readonly<z.infer<typeof daemonReport>>;

/** Where the daemon says it, on its admin socket. */
export const DAEMON_REPORT_PATH = '/v1/status';
