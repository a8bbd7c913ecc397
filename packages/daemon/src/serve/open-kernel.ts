import { shareLinks } from '@routed/datapath';
import type { CleanupStack, KernelEventSources } from '@routed/driver';
import { openPacketLog, watchRuleset } from '@routed/netfilter';
import { type Netns, openMonitor, openNetns, type Rtnl } from '@routed/netns';
import type { TrafficControl } from '@routed/netns/tc';
import { type Nfnetlink, openNfnetlink } from '@routed/netns/nfnetlink';

/**
 * Requests to the kernel at once. They may all wait for the one lock of rtnetlink, each in a thread of libuv's pool of 4:
 * one thread stays free for the store. More threads are slower: each sleeps longer and wakes with colder caches.
 */
const RTNL_LANES = 3;

/** The table of nftables that the filters of container links are in. */
export const FILTER_TABLE = 'routed';

/** The table of connection marks. */
export const MARK_TABLE = 'routed_marks';

/** The group that the filters of container links write refused packets to. */
export const LOG_GROUP = 7200;

/** The kernel of this host. */
export interface Kernel {
  readonly netns: Netns;
  readonly rtnl: Rtnl;
  /** Opened when it is asked for first: without a limit nobody needs it. */
  readonly openTc: () => Promise<TrafficControl>;
  readonly nfnetlink: Nfnetlink;
  /** A connection of its own for connection tracking: no filter waits for what is slower. */
  readonly tracking: Nfnetlink;
  readonly events: KernelEventSources;
}

/** Opens the kernel of the namespace that this process is in. */
export async function openKernel(cleanup: CleanupStack): Promise<Kernel> {
  const netns = await openNetns('current');
  cleanup.add(() => netns.close());
  const connection = await netns.openRtnl({ lanes: RTNL_LANES });
  cleanup.add(() => connection.close());
  // Opened before anything is read, so that no change falls in between.
  const groups = ['link', 'address', 'route', 'rule', 'netconf', 'tc'] as const;
  // Half of all events of a container would be settings of its link.
  const monitor = await openMonitor({ groups, linkSettings: false });
  cleanup.add(() => monitor.close());
  const rtnl = shareLinks(connection, monitor);
  // All that is compared at a start needs it: it is read on a thread meanwhile, and a failure is that of whoever asks next.
  rtnl.links.list().catch(() => undefined);
  const nfnetlink = await openNfnetlink();
  cleanup.add(() => nfnetlink.close());
  const ruleset = await watchRuleset({ filterTable: FILTER_TABLE, markTable: MARK_TABLE, own: nfnetlink });
  cleanup.add(() => ruleset?.close());
  const tracking = await openNfnetlink();
  cleanup.add(() => tracking.close());
  return {
    netns,
    rtnl,
    openTc: lazyTrafficControl(cleanup),
    nfnetlink,
    tracking,
    events: { monitor, ruleset, openRefused: () => openPacketLog(LOG_GROUP) },
  };
}

function lazyTrafficControl(cleanup: CleanupStack): () => Promise<TrafficControl> {
  let opened: Promise<TrafficControl> | undefined;
  cleanup.add(async () => (await opened)?.close());
  return () => (opened ??= import('@routed/netns/tc').then(({ openTrafficControl }) => openTrafficControl()));
}
