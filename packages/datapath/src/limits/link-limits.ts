import { isNetlinkError, type Link, type Rtnl } from '@routed/netns';
import type { Qdisc, Statistics, TrafficControl } from '@routed/netns/tc';
import { DatapathError } from '../ground/errors.ts';
import {
  DELETE_GROUP,
  endpointOfLimitAlias,
  HOST_LINK_MAC,
  LINK_GROUP,
  limitLinkNames,
} from '../names/kernel-names.ts';
import { backlogOf, isUnlimited, readShape, shapeLink } from './class-shape.ts';
import type { KnownShapes, LimitChange } from './limit-changes.ts';
import { type Direction, type Shape, UNLIMITED } from './rate-limit.ts';
import { endRedirection, readRedirection, redirect } from './redirection.ts';

/** How long what waits may take to leave once a limit is gone: at 34 Gbit/s it does in a millisecond. */
const DRAIN_MS = 1_000;
/** How often that is looked at; also as long as a packet may be on its way into a queue. */
const LOOK_MS = 20;

/** Where a link of an endpoint is, and whose it is. */
export interface LimitPlace {
  readonly endpointId: string;
  readonly linkIndex: number;
}

/** What a limit has done so far. */
export interface LimitCount {
  readonly endpointId: string;
  readonly direction: Direction;
  readonly statistics: Statistics;
}

/** What there is of limits. */
export interface ActualLimits {
  /** By the index of the host's end of an endpoint's link. */
  readonly shapes: ReadonlyMap<number, KnownShapes>;
  /** The links of ours that shape what containers send. */
  readonly links: readonly Link[];
}

/** The endpoint of the trial link: no id of Docker's. */
const TRIAL = 'trial';
const TRIAL_LINK = limitLinkNames(TRIAL).name;

const NOTHING: ActualLimits = { shapes: new Map(), links: [] };

/** Deletes links in the background. */
interface Reaper {
  scheduleDelete(name: string, links?: Pick<Rtnl['links'], 'set'>): Promise<void>;
  flush(): Promise<void>;
}

/**
 * The one writer of what limits the rates of endpoints.
 *
 * Towards the container, the host's end of its link has a class of htb. From the container, what arrives on that end goes through a
 * link of kind ifb, which has such a class. Where nothing was ever limited, nothing is asked of the kernel.
 */
export class LinkLimits {
  readonly #rtnl: Rtnl;
  readonly #open: () => Promise<TrafficControl>;
  readonly #reaper: Reaper;
  /** The endpoints that a shaping link is known of. */
  readonly #shaping = new Set<string>();
  /** Whether there may be a limit: until it was looked at once, and from the first one on. */
  #isInUse = true;
  #supported: Promise<void> | undefined;
  /** Whether the trial link is in use: a round that comes by lets it be. */
  #isTrying = false;

  constructor(deps: {
    readonly rtnl: Rtnl;
    /** Called when there is something to do; always the same connection. */
    readonly openTc: () => Promise<TrafficControl>;
    readonly reaper: Reaper;
  }) {
    this.#rtnl = deps.rtnl;
    this.#open = deps.openTc;
    this.#reaper = deps.reaper;
  }

  /**
   * Makes one change. No packet that waits is lost; those that arrive in the moment in which a running endpoint gets its first limit
   * may be.
   *
   * @throws DatapathError KERNEL_FEATURE_MISSING, LINK_NAME_CLASH
   */
  async carryOut(change: LimitChange): Promise<true> {
    this.#isInUse = true;
    const tc = await this.#open();
    try {
      if (change.kind === 'set-limit') await this.#set(tc, change, change.shape);
      else if (change.direction === 'in') await shapeLink(tc, change.linkIndex, UNLIMITED);
      else await this.#endOut(tc, change);
      return true;
    } catch (error) {
      throw asMissingFeature(error);
    }
  }

  /**
   * Fulfilled when this kernel has all that limits need: tried once, on a link that is deleted again.
   *
   * @throws DatapathError KERNEL_FEATURE_MISSING
   */
  async requireSupport(): Promise<void> {
    this.#supported ??= this.#try();
    try {
      await this.#supported;
    } catch (error) {
      // A module may be loaded by the next time.
      this.#supported = undefined;
      throw error;
    }
  }

  /**
   * What limits the endpoints on these links: two dumps, and up to three for each limit. Links that are none of ours are let be.
   *
   * @param hostLinks index of the host's end by endpoint
   */
  async read(hostLinks: ReadonlyMap<string, number>): Promise<ActualLimits> {
    if (!this.#isInUse) return NOTHING;
    const trial = this.#isTrying ? TRIAL_LINK : undefined;
    const links = (await this.#rtnl.links.list({ kind: 'ifb' })).filter(
      ({ name, alias, group }) =>
        name !== trial &&
        (group === LINK_GROUP || (group !== DELETE_GROUP && endpointOfLimitAlias(alias) !== undefined)),
    );
    const tc = await this.#open();
    const qdiscs = await tc.qdiscs.list();
    const touched = touchedLinks(qdiscs);
    const shapes = new Map<number, KnownShapes>();
    const shapingLinks = new Map(links.map((link) => [endpointOfLimitAlias(link.alias), link]));
    for (const [endpointId, linkIndex] of hostLinks) {
      const shaping = shapingLinks.get(endpointId);
      if (shaping !== undefined) this.#shaping.add(endpointId);
      if (!touched.has(linkIndex) && shaping === undefined) continue;
      shapes.set(linkIndex, await readShapes(tc, qdiscs, linkIndex, shaping));
    }
    this.#isInUse = shapes.size > 0 || links.length > 0;
    return { shapes, links };
  }

  /** Takes the shaping link of an endpoint along that leaves its sandbox; by way of `links`, and only where there is one. */
  async leave(endpointId: string, links: Pick<Rtnl['links'], 'set'>): Promise<void> {
    if (!this.#shaping.delete(endpointId)) return;
    await this.#reaper.scheduleDelete(limitLinkNames(endpointId).name, links);
  }

  /** What the limits of these endpoints have done. One that is not there is not told of. */
  async counts(places: readonly LimitPlace[]): Promise<LimitCount[]> {
    if (places.length === 0) return [];
    const tc = await this.#open();
    const [qdiscs, links] = await Promise.all([tc.qdiscs.list(), this.#rtnl.links.list({ kind: 'ifb' })]);
    const indexes = new Map(links.map(({ alias, index }) => [alias, index]));
    const counts: LimitCount[] = [];
    for (const { endpointId, linkIndex } of places) {
      const ends = [
        ['in', linkIndex],
        ['out', indexes.get(limitLinkNames(endpointId).alias)],
      ] as const;
      for (const [direction, index] of ends) {
        const found = index === undefined ? undefined : await readShape(tc, index, qdiscs);
        if (found === undefined || found === 'stale' || isUnlimited(found)) continue;
        if (found.statistics !== undefined) counts.push({ endpointId, direction, statistics: found.statistics });
      }
    }
    return counts;
  }

  /** On a link of the name and alias of an endpoint that there is not: what a crash leaves is deleted as abandoned. */
  async #try(): Promise<void> {
    this.#isInUse = true;
    this.#isTrying = true;
    try {
      const linkIndex = await this.#ensureShapingLink(TRIAL);
      const tc = await this.#open();
      await shapeLink(tc, linkIndex, UNLIMITED);
      await redirect(tc, linkIndex, linkIndex);
    } catch (error) {
      throw asMissingFeature(error);
    } finally {
      await this.leave(TRIAL, this.#rtnl.links);
      this.#isTrying = false;
    }
  }

  async #set(tc: TrafficControl, place: LimitPlace & { readonly direction: Direction }, shape: Shape): Promise<void> {
    const { linkIndex, endpointId, direction } = place;
    if (direction === 'in') {
      await shapeLink(tc, linkIndex, shape);
      return;
    }
    const shapingIndex = await this.#ensureShapingLink(endpointId);
    await shapeLink(tc, shapingIndex, shape);
    await this.#rtnl.links.set({ index: shapingIndex }, { isUp: true });
    await redirect(tc, linkIndex, shapingIndex);
  }

  /** What waits leaves first, and what comes meanwhile behind it. */
  async #endOut(tc: TrafficControl, { endpointId, linkIndex }: LimitPlace): Promise<void> {
    const { name, alias } = limitLinkNames(endpointId);
    const shaping = await this.#rtnl.links.get({ name });
    const isOurs = shaping?.alias === alias && shaping.group === LINK_GROUP;
    if (isOurs) {
      await shapeLink(tc, shaping.index, UNLIMITED);
      await drained(tc, shaping.index);
    }
    await endRedirection(tc, linkIndex);
    if (!isOurs) return;
    await drained(tc, shaping.index);
    this.#shaping.delete(endpointId);
    await this.#reaper.scheduleDelete(name);
  }

  async #ensureShapingLink(endpointId: string): Promise<number> {
    const { name, alias } = limitLinkNames(endpointId);
    const create = async (): Promise<number> => {
      const spec = { kind: 'ifb', name, alias, group: LINK_GROUP, mac: HOST_LINK_MAC } as const;
      const { index } = await this.#rtnl.links.create(spec);
      this.#shaping.add(endpointId);
      // It needs no address: one of its own costs packets of duplicate detection.
      await this.#rtnl.links.set({ index }, { ipv6AddressGeneration: 'none' });
      return index;
    };
    try {
      return await create();
    } catch (error) {
      if (!isNetlinkError(error, 'EEXIST')) throw error;
    }
    await this.#reaper.flush();
    const there = await this.#rtnl.links.get({ name });
    if (there === undefined) return await create();
    if (there.alias === alias) {
      this.#shaping.add(endpointId);
      return there.index;
    }
    // An unfinished one has the group and no alias yet.
    if (there.alias !== undefined || there.group !== LINK_GROUP) throw nameClash(name);
    await this.#rtnl.links.delete({ index: there.index });
    return await create();
  }
}

async function readShapes(
  tc: TrafficControl,
  qdiscs: readonly Qdisc[],
  linkIndex: number,
  shaping: Link | undefined,
): Promise<KnownShapes> {
  const inward = await readShape(tc, linkIndex, qdiscs);
  const outward = await readOut(tc, qdiscs, linkIndex, shaping);
  return {
    ...(inward !== undefined && (inward === 'stale' || !isUnlimited(inward)) && { in: shapeIn(inward) }),
    ...(outward !== undefined && { out: outward }),
  };
}

async function readOut(
  tc: TrafficControl,
  qdiscs: readonly Qdisc[],
  linkIndex: number,
  shaping: Link | undefined,
): Promise<Shape | 'stale' | undefined> {
  const hasHook = qdiscs.some((qdisc) => qdisc.linkIndex === linkIndex && qdisc.kind === 'clsact');
  const target = hasHook ? await readRedirection(tc, linkIndex) : undefined;
  if (shaping === undefined) return target === undefined ? undefined : 'stale';
  const isInPlace = target === shaping.index && shaping.isUp && shaping.group === LINK_GROUP;
  const found = isInPlace ? await readShape(tc, shaping.index, qdiscs) : undefined;
  return found === undefined ? 'stale' : shapeIn(found);
}

function shapeIn(found: Exclude<Awaited<ReturnType<typeof readShape>>, undefined>): Shape | 'stale' {
  return found === 'stale' ? found : found.shape;
}

/** The links on which is anything but what the kernel makes by itself. */
function touchedLinks(qdiscs: readonly Qdisc[]): ReadonlySet<number> {
  return new Set(qdiscs.filter(({ handle }) => handle !== '0:').map(({ linkIndex }) => linkIndex));
}

/** Waits until nothing waits on a link, and for what is on its way there; not for ever. */
async function drained(tc: TrafficControl, linkIndex: number): Promise<void> {
  const endMs = performance.now() + DRAIN_MS;
  do await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  while ((await backlogOf(tc, linkIndex)) > 0 && performance.now() < endMs);
}

/** The kernel says ENOENT of a queueing discipline, classifier or action that it lacks, EOPNOTSUPP of a kind of link. */
function asMissingFeature(error: unknown): unknown {
  if (!isNetlinkError(error, 'ENOENT', 'EOPNOTSUPP')) return error;
  const reason = error instanceof Error ? error.message : '';
  return new DatapathError(
    'KERNEL_FEATURE_MISSING',
    'this kernel cannot limit rates: it needs sch_htb, and for routed.rate-out ifb, sch_ingress, cls_u32 and act_mirred ' +
      `(load them with modprobe, or omit the limit): ${reason}`,
    { cause: error },
  );
}

function nameClash(name: string): DatapathError {
  return new DatapathError(
    'LINK_NAME_CLASH',
    `link ${name} already exists and is not one of routed's: remove it with "ip link delete ${name}" if nothing uses it`,
  );
}
