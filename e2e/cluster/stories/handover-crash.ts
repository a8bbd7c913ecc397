import { expect } from 'chai';
import {
  RollingService,
  summarizeRequests,
  watchRoutes,
  type ClusterHost,
  type LabProcess,
  type RouteWatch,
} from '@routed/lab';
import { setTimeout as sleep } from 'node:timers/promises';
import { count } from '../../attack/support/count.ts';
import { eventually } from '../../support/eventually.ts';
import type { ClusterStage } from '../support/cluster.ts';
import { expectOnlyWay } from '../support/routes.ts';

const preload = new URL('../../../packages/daemon/test/support/crash/preload/index.mjs', import.meta.url).href;
const flags = ['--gateway', '10.1.0.1'];
/** The first step, and every so many after it. */
const [FIRST, STRIDE] = [count(12, 1), count(24, 1)];
/** After the daemon's death, as a service manager restarts it. */
const ABSENCE_MS = 1_000;
const SETTLED_MS = 5_000;

interface Crash {
  readonly side: 'old' | 'new';
  readonly step: number;
}

/** The plugin is killed at a step of a move, on the host that hands over or on the one that takes over. */
export function tellHandoverCrashes(stage: ClusterStage): void {
  let service: RollingService;
  let watch: RouteWatch;
  const plugins = new Map<string, LabProcess>();

  before(async () => {
    const networkOptions = ['routed.takeover=true', 'routed.on-conflict=handover'];
    service = await RollingService.prepare(stage.cluster, { networkOptions, perSecond: 150 });
    for (const { name, plugin } of stage.cluster.hosts) plugins.set(name, plugin);
    await service.run(service.current);
    await service.untilHealthy(service.current);
    watch = await watchRoutes(stage.h3.host);
  });
  after(async () => {
    await watch[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  async function startPlugin(host: ClusterHost, env: Readonly<Record<string, string>> = {}): Promise<LabProcess> {
    await plugins.get(host.name)?.stop('SIGKILL');
    const plugin = await host.host.startPlugin({ flags, env });
    plugins.set(host.name, plugin);
    return plugin;
  }

  /** Moves the server, with a crash; says what the daemon died of, or that there was no such step. */
  async function suffer({ side, step }: Crash): Promise<{ readonly died: string | undefined; readonly gapMs: number }> {
    const victim = side === 'old' ? service.current : service.other;
    const env = { NODE_OPTIONS: `--import=${preload}`, CRASH_STEP: String(step), CRASH_PHASE: 'after' };
    const dying = await startPlugin(victim, env);
    const since = watch.changes.length;
    await service.ask();

    const from = service.current;
    const moving = service.replace('option', () => process.kill(dying.pid, 'SIGUSR2'));
    const died = await Promise.race([dying.exited, moving.then(() => undefined)]);
    if (died !== undefined) {
      await sleep(ABSENCE_MS);
      await startPlugin(victim);
    }
    await moving;
    // One that has not come so far would die of the clean-up.
    if (died === undefined) await startPlugin(victim);
    await eventually(() => expectOnlyWay(stage.h3.host, service.address, service.current.host.address), SETTLED_MS);
    const { all } = await service.report();
    expect(await from.host.docker('ps', '--quiet', '--filter', 'name=rolling')).to.equal('');
    console.log(`      ${side} ${step}: ${summarizeRequests(all)}`);
    expect(all.failures.slice(0, 20), `failed requests, ${side} host killed after step ${step}`).to.deep.equal([]);
    const reason = died === undefined ? undefined : /killed after .*/.exec((await dying.log()).slice(-2_000))?.[0];
    return { died: reason, gapMs: longestGap(watch, since, service.address) };
  }

  for (const side of ['new', 'old'] as const) {
    it(`has an announcer, and one with a container, whatever step the plugin of the ${side} host is killed after`, async function () {
      this.timeout(900_000);
      const deaths: string[] = [];
      const gaps: number[] = [];

      for (let step = FIRST; ; step += STRIDE) {
        const { died, gapMs } = await suffer({ side, step });
        if (died === undefined) break;
        deaths.push(died);
        gaps.push(gapMs);
      }

      console.log(
        `      ${deaths.join('\n      ')}\n      without a route for ${Math.max(...gaps).toFixed(0)} ms at most`,
      );
      expect(deaths).not.to.be.empty;
      expect(Math.max(...gaps)).to.be.below(100);
    });
  }
}

/** For how long a host had no route to an address at most, in milliseconds. */
function longestGap({ changes }: RouteWatch, since: number, address: string): number {
  const seen = changes
    .slice(since)
    .filter(({ destination, line }) => destination === address && line.includes(' proto '));
  const gaps = seen.map(({ isGone, atMs }, index) => (isGone ? (seen[index + 1]?.atMs ?? Infinity) - atMs : 0));
  return Math.max(0, ...gaps);
}
