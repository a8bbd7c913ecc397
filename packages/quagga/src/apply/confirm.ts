import { setTimeout as sleep } from 'node:timers/promises';
import { type DaemonLines } from '../vty/running.ts';
import { messageOf } from '../errors.ts';
import { type ReadKernel, type RouterState, readState } from './router-state.ts';

/** What has to be there again after a change. */
export interface Expectation {
  readonly state: RouterState;
  /** Prefixes that the plan withdraws by name: nobody waits for these. */
  readonly withdrawn: ReadonlySet<string>;
  /** Daemons that do not start any more: nobody waits for these either. */
  readonly ended: ReadonlySet<string>;
}

export interface ConfirmOptions {
  /** Opens the daemons anew: one of them may have been restarted. */
  readonly open: () => Promise<DaemonLines & AsyncDisposable>;
  readonly readKernel: ReadKernel;
  /** This router's own prefixes, which it may announce. */
  readonly ownRoutes: (daemons: DaemonLines) => Promise<ReadonlySet<string>>;
  /** How long everything may take to come back, in milliseconds. */
  readonly withinMs: number;
  /**
   * How long to watch even when nothing is missing, in milliseconds, given OSPF's longest dead interval: a neighbor that
   * rejects our packets is missed only then.
   */
  readonly watchMs: (deadSec: number) => number;
}

const PAUSE_MS = 250;

/** Waits until nothing of the expectation is missing. Returns what still is when the time is over. */
export async function waitFor(expectation: Expectation, options: ConfirmOptions): Promise<readonly string[]> {
  const begun = performance.now();
  let watchMs = options.watchMs(expectation.state.deadSec);
  for (;;) {
    const { missing, deadSec } = await look(expectation, options);
    watchMs = Math.max(watchMs, options.watchMs(deadSec));
    const elapsedMs = performance.now() - begun;
    if (missing.length === 0 && elapsedMs >= watchMs) return [];
    if (elapsedMs >= options.withinMs)
      return missing.length > 0 ? missing : [`the neighbors show a failure only after ${watchMs / 1000} s`];
    await sleep(PAUSE_MS);
  }
}

interface Look {
  readonly missing: readonly string[];
  readonly deadSec: number;
}

async function look(expectation: Expectation, options: ConfirmOptions): Promise<Look> {
  try {
    await using daemons = await options.open();
    const now = await readState(daemons, options.readKernel);
    const { deadSec } = now;
    const early = missingNeighbors(expectation, now);
    if (early.length > 0) return { missing: early, deadSec };
    const routes = missingRoutes(expectation, now);
    if (routes.length === 0) return { missing: [], deadSec };
    const own = await options.ownRoutes(daemons);
    return { missing: describe(routes.filter(({ isOwn, prefix }) => isOwn === own.has(prefix))), deadSec };
  } catch (error) {
    // A daemon that hangs, or dies while it is asked.
    return { missing: [messageOf(error)], deadSec: 0 };
  }
}

/** Daemons, adjacencies and sessions that were there, that the configuration still wants, and that are gone. */
export function missingNeighbors({ state, ended }: Omit<Expectation, 'withdrawn'>, now: RouterState): string[] {
  const places = new Set(now.places);
  const up = new Set(now.neighbors.map(({ name }) => name));
  const dead = state.daemons.filter((daemon) => !now.daemons.includes(daemon) && !ended.has(daemon));
  const lost = state.neighbors.filter(({ name, place }) => places.has(place) && !up.has(name));
  return [...dead.map((daemon) => `${daemon} has gone`), ...lost.map(({ name }) => name)];
}

/** A route that was there and is gone. */
export interface MissingRoute {
  readonly what: string;
  readonly prefix: string;
  /** Whether it is one of this router's own; it is missing only as long as it is. */
  readonly isOwn: boolean;
}

/**
 * Routes that were there and are gone, except those that whoever announced them has withdrawn. OSPF has every
 * announcement in its database. Of BGP, an origin that announces other routes has withdrawn this one.
 */
export function missingRoutes({ state, withdrawn }: Omit<Expectation, 'ended'>, now: RouterState): MissingRoute[] {
  const places = new Set(now.places);
  // By place: one session has the same name for both families.
  const announced = new Map(now.announced.map(({ place, prefixes }) => [place, new Set(prefixes)]));
  const unsaid = state.announced
    .filter(({ place }) => places.has(place))
    .flatMap(({ what, place, prefixes }) => {
      const said = announced.get(place);
      return prefixes.filter((prefix) => said?.has(prefix) !== true).map((prefix) => ({ what, prefix, isOwn: true }));
    });
  const heard = new Map(now.learnt.map(({ prefix, isInKernel }) => [prefix, isInKernel]));
  const origins = new Set(now.learnt.map(({ origin }) => origin));
  const isWithdrawn = ({ prefix, origin }: { prefix: string; origin: string }): boolean => {
    if (heard.has(prefix)) return false;
    const [protocol = ''] = origin.split(' router ');
    return places.has(protocol) || origins.has(origin);
  };
  const unknown = state.learnt
    .filter((route) => route.isInKernel && heard.get(route.prefix) !== true && !isWithdrawn(route))
    .map(({ prefix, origin }) => ({ what: `known from ${origin}`, prefix, isOwn: false }));
  return [...unsaid, ...unknown].filter(({ prefix }) => !withdrawn.has(prefix));
}

const SHOWN = 10;

/** `2 routes announced by OSPF: 10.112.0.1/32, 10.112.0.2/32`. */
function describe(routes: readonly MissingRoute[]): string[] {
  const groups = new Map<string, string[]>();
  for (const { what, prefix } of routes) groups.set(what, [...(groups.get(what) ?? []), prefix]);
  return [...groups].map(([what, prefixes]) => {
    const more = prefixes.length > SHOWN ? ` and ${prefixes.length - SHOWN} more` : '';
    const noun = prefixes.length === 1 ? 'route' : 'routes';
    return `${prefixes.length} ${noun} ${what}: ${prefixes.slice(0, SHOWN).join(', ')}${more}`;
  });
}
