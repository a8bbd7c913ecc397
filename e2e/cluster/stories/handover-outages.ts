import { expect } from 'chai';
import {
  RollingService,
  summarizeRequests,
  watchRoutes,
  type ClusterHost,
  type RequestReport,
  type RouteWatch,
} from '@routed/lab';
import { setTimeout as sleep } from 'node:timers/promises';
import { IS_FULL } from '../../attack/support/count.ts';
import { eventually } from '../../support/eventually.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { expectOnlyWay, learntRoutes } from '../support/routes.ts';

const MOMENTS = ['the new container runs', 'the new host announces', 'the old host has handed over'] as const;
const PROGRAMS = ['dockerd', 'the router'] as const;
/** As a service manager restarts it. */
const ABSENCE_MS = 1_000;
const MOMENT_MS = 20_000;
const MOVE_MS = 60_000;
/** Longer than a host that is to yield may wait. */
const SETTLED_MS = 8_000;
/** OSPF's dead interval, and the time to find each other again. */
const ROUTER_MS = 20_000;

interface Outage {
  readonly side: 'old' | 'new';
  readonly program: (typeof PROGRAMS)[number];
  readonly moment: (typeof MOMENTS)[number];
}

/** Each program of each host at each moment, or each moment once. */
const OUTAGES: readonly Outage[] = IS_FULL
  ? MOMENTS.flatMap((moment) =>
      PROGRAMS.flatMap((program) => (['old', 'new'] as const).map((side) => ({ side, program, moment }))),
    )
  : [
      { side: 'new', program: 'dockerd', moment: 'the new container runs' },
      { side: 'new', program: 'the router', moment: 'the new host announces' },
      { side: 'old', program: 'dockerd', moment: 'the old host has handed over' },
    ];

/** dockerd or the router is killed while an address moves, on the host that hands over or on the one that takes over. */
export function tellHandoverOutages(stage: ClusterStage): void {
  let service: RollingService;
  const watches = new Map<string, RouteWatch>();

  before(async () => {
    const networkOptions = ['routed.takeover=true', 'routed.on-conflict=handover'];
    service = await RollingService.prepare(stage.cluster, { networkOptions, perSecond: 150 });
    await service.run(service.current);
    await service.untilHealthy(service.current);
    for (const { name, host } of stage.cluster.hosts) watches.set(name, await watchRoutes(host));
  });
  after(async () => {
    for (const watch of watches.values()) await watch[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  for (const { side, program, moment } of OUTAGES) {
    it(`always has an announcer, and one with a container in the end: kill -9 of ${program} on the ${side} host when ${moment}`, async function () {
      this.timeout(120_000);
      const [from, to] = [service.current, service.other];
      const victim = side === 'old' ? from : to;
      const sinceMs = performance.now();
      await service.ask();

      const moving = service.run(to);
      if (moment !== 'the new container runs') await untilMoment(moment, from);
      await moving;
      if (program === 'dockerd') await killEngine(victim);
      else await killRouter(victim);
      // Docker does not go on with the health check of a container that was not healthy yet.
      const isCheckLost = program === 'dockerd' && side === 'new' && moment === 'the new container runs';
      if (isCheckLost) await to.host.docker('restart', 'rolling');
      await service.untilHealthy(to);
      const holder = await untilSettled([from, to]);
      if (holder === to && program === 'dockerd') await service.untilHandedOver(from);
      await service.keepOnly(holder);
      await eventually(() => expectOnlyWay(stage.h3.host, service.address, holder.host.address), ROUTER_MS);
      const { all } = await service.report();

      const gapMs = longestUnannounced(from, sinceMs);
      console.log(`      ${summarizeRequests(all)}; announced by nobody for ${gapMs.toFixed(0)} ms at most`);
      expect(gapMs, 'time without an announcer').to.equal(0);
      // Whoever loses its router for a while loses the routes to others.
      if (program === 'dockerd') expect(all.failures.slice(0, 20)).to.deep.equal([]);
      expect((await requestsNow(service)).failures).to.deep.equal([]);
    });
  }

  /** Whoever announces the address in the end: a router that is away for a moment may leave it with the old host. */
  async function untilSettled(hosts: readonly ClusterHost[]): Promise<ClusterHost> {
    let [last, sinceMs] = ['', 0];
    return await eventually(async () => {
      const routes = (await learntRoutes(stage.h3.host)).filter(({ dst }) => dst === service.address);
      const ways = routes.map(({ gateway }) => gateway).join(' ');
      if (ways !== last) [last, sinceMs] = [ways, performance.now()];
      const holder = hosts.find(({ host }) => host.address?.split('/')[0] === ways);
      if (holder === undefined || performance.now() - sinceMs < SETTLED_MS) throw new Error(`ways: ${ways}`);
      return holder;
    }, MOVE_MS);
  }

  async function untilMoment(moment: Outage['moment'], from: ClusterHost): Promise<void> {
    await eventually(async () => {
      const [route] = (await learntRoutes(stage.h3.host)).filter(({ dst }) => dst === service.address);
      const isAnnouncedTwice = (route?.nexthops ?? []).length === 2;
      const isHandedOver = (await service.handoverAt(from))?.state === 'handed over';
      expect(isHandedOver || (moment === 'the new host announces' && isAnnouncedTwice), moment).to.equal(true);
    }, MOMENT_MS);
  }

  /** For how long neither of the two hosts had the route that is announced. */
  function longestUnannounced(from: ClusterHost, sinceMs: number): number {
    const announcing = new Set([from.name]);
    const changes = service.hosts.slice(0, 2).flatMap(({ name }) => {
      const own = (watches.get(name)?.changes ?? []).filter(
        ({ destination, line, atMs }) =>
          atMs >= sinceMs &&
          destination === service.address &&
          / proto (200|routed)\b/.test(line) &&
          !line.includes(' table '),
      );
      return own.map((change) => ({ ...change, name }));
    });
    let [longestMs, goneMs] = [0, Infinity];
    for (const { name, isGone, atMs } of changes.sort((one, other) => one.atMs - other.atMs)) {
      if (isGone) announcing.delete(name);
      else announcing.add(name);
      if (announcing.size === 0) goneMs = atMs;
      else if (goneMs !== Infinity) [longestMs, goneMs] = [Math.max(longestMs, atMs - goneMs), Infinity];
    }
    return goneMs === Infinity ? longestMs : Infinity;
  }
}

/** It comes back with the containers that it left running. */
async function killEngine({ host }: ClusterHost): Promise<void> {
  await host.stopEngine('SIGKILL');
  await sleep(ABSENCE_MS);
  await host.startEngine();
}

/** All its daemons, as a machine out of memory does; Debian's watchfrr starts all of them again. */
async function killRouter({ router }: ClusterHost): Promise<void> {
  await router.stop('SIGKILL');
  await sleep(ABSENCE_MS);
  await router.start();
}

/** What becomes of requests when all is over. */
async function requestsNow(service: RollingService): Promise<RequestReport> {
  await service.ask();
  return (await service.report()).all;
}
