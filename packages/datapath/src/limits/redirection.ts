import { isNetlinkError } from '@routed/netns';
import type { Filter, FilterSpec, TrafficControl } from '@routed/netns/tc';

/** Where filters are that see what a container sends, as it arrives on the host's end of its link. */
const PARENT = 'ingress';

/**
 * What is shaped, each with a priority by which our filters are told from others'. Not ARP: a container that sends more than it may
 * still learns where its gateway is.
 */
const PRIORITIES = { ip: 7200, ipv6: 7201 } as const;
type Protocol = keyof typeof PRIORITIES;
const PROTOCOLS = Object.keys(PRIORITIES) as Protocol[];

/** Sends what arrives on a link through another one first: it goes on from there as if nothing had happened. */
export async function redirect(tc: TrafficControl, linkIndex: number, toIndex: number): Promise<void> {
  const isNew = await ensureHook(tc, linkIndex);
  if (!isNew && (await readRedirection(tc, linkIndex)) === toIndex) return;
  if (!isNew) await endRedirection(tc, linkIndex);
  for (const protocol of PROTOCOLS) await tc.filters.add(filterOf(linkIndex, toIndex, protocol));
}

/** Undoes {@link redirect}, but for the hook, which does nothing by itself: to take it away loses packets the other way. */
export async function endRedirection(tc: TrafficControl, linkIndex: number): Promise<void> {
  for (const protocol of PROTOCOLS) {
    await tc.filters.delete({ linkIndex, parent: PARENT, protocol, priority: PRIORITIES[protocol] });
  }
}

/** The index of the link that packets of a hooked link are sent through; `undefined`: none; `stale`: not all, or to several. */
export async function readRedirection(tc: TrafficControl, linkIndex: number): Promise<number | 'stale' | undefined> {
  const filters = await tc.filters.list({ linkIndex, parent: PARENT });
  const targets = PROTOCOLS.map((protocol) =>
    targetOf(filters.filter((filter) => filter.priority === PRIORITIES[protocol])),
  );
  if (targets.every((target) => target === undefined)) return undefined;
  return new Set(targets).size === 1 && targets[0] !== undefined ? targets[0] : 'stale';
}

/** Whether the hook was not there before. */
async function ensureHook(tc: TrafficControl, linkIndex: number): Promise<boolean> {
  try {
    await tc.qdiscs.add({ linkIndex, kind: 'clsact' });
    return true;
  } catch (error) {
    if (isNetlinkError(error, 'EEXIST')) return false;
    throw error;
  }
}

/** u32 and not matchall: older and smaller kernels have it. A key without a mask matches everything. */
function filterOf(linkIndex: number, toIndex: number, protocol: Protocol): FilterSpec {
  return {
    ...{ linkIndex, parent: PARENT, protocol, priority: PRIORITIES[protocol], kind: 'u32' },
    keys: [{ offset: 0, value: 0, mask: 0 }],
    actions: [{ kind: 'mirred', mode: 'redirect', linkIndex: toIndex }],
  };
}

/** Hash tables of u32 are rows as well, without actions. */
function targetOf(filters: readonly Filter[]): number | 'stale' | undefined {
  const actions = filters.flatMap(({ settings }) => (settings?.kind === 'u32' ? (settings.actions ?? []) : []));
  const [action] = actions;
  if (action === undefined) return filters.length === 0 ? undefined : 'stale';
  const isOurs = actions.length === 1 && action.kind === 'mirred' && 'mode' in action && action.mode === 'redirect';
  return isOurs && action.linkIndex !== undefined ? action.linkIndex : 'stale';
}
