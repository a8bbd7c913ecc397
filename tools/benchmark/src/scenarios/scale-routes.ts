import { announcedForms, containerRoutes, type Announced } from '../scale/containers.ts';
import { openFleet, type Fleet, type Protocol } from '../scale/fleet.ts';
import { untilMet } from '../scale/meeting.ts';
import type { ScaleRouter } from '../scale/scale-router.ts';
import { atNormalPriority } from '../process/normal-priority.ts';
import { spread } from '../statistics.ts';
import type { Figure, Outcome, Scenario, Setting } from './scenario.ts';

const counts = { full: [20_000, 50_000], quick: [1_000] } as const;
const releases = ['8.4', '10'] as const;
const timeoutMs = 60_000;

/**
 * Ever more containers on one host, as host routes and as blocks: how long until its neighbor’s kernel has their routes,
 * and the memory of the routers. OSPF: two hosts on a segment. BGP: a leaf between them, with its limit for each host.
 */
export const scaleRoutesScenarios: readonly Scenario[] = (['ospf', 'bgp'] as const).map((protocol) => ({
  name: `scale-${protocol}`,
  title: `routes of one host, ${protocol.toUpperCase()}`,
  run: (setting) => atNormalPriority(() => measureRoutes(protocol, setting)),
}));

async function measureRoutes(protocol: Protocol, setting: Setting): Promise<Outcome> {
  const chosen = setting.effort.isQuick ? counts.quick : counts.full;
  const figures: Figure[] = [];
  for (const release of releases)
    for (const announced of announcedForms) {
      setting.log(`FRR ${release}, ${announced}`);
      const fleet = { hosts: 2, containersPerHost: Math.max(...chosen) };
      const leaves = protocol === 'ospf' ? 0 : 1;
      await using opened = await openFleet({ protocol, release, announced, hosts: 2, leaves, fleet });
      await meetAndForget(opened);
      const situation = `FRR ${opened.all[0]!.router.version}`;
      figures.push(...(await readMemory(opened, `${situation}, no route`)));
      for (const count of chosen) {
        const at = `${situation}, ${count.toLocaleString('en')} as ${announced}`;
        figures.push(...(await measureCount(opened, { count, announced, rounds: setting.effort.rounds }, at)));
      }
    }
  return { figures };
}

async function meetAndForget(fleet: Fleet): Promise<void> {
  const routeOf = (member: number): string => `10.255.255.${member + 1}/32 dev containers scope link proto 200`;
  await untilMet(fleet, routeOf);
  for (const [index, member] of fleet.members.entries()) await member.change('delete', [routeOf(index)]);
  for (const router of fleet.all) await router.untilRoutes(0, timeoutMs);
}

interface Load {
  readonly count: number;
  readonly announced: Announced;
  readonly rounds: number;
}

async function measureCount(fleet: Fleet, { count, announced, rounds }: Load, situation: string): Promise<Figure[]> {
  const [origin, neighbor] = fleet.hosts as [ScaleRouter, ScaleRouter];
  const routes = containerRoutes(0, count, announced);
  await origin.change('add', routes.local);
  const known: number[] = [];
  const gone: number[] = [];
  const memory: Figure[] = [];
  for (let round = 0; round < rounds; round++) {
    const addedMs = await origin.change('add', routes.announced);
    known.push((await neighbor.untilRoutes(routes.announced.length, timeoutMs)) - addedMs);
    const listed = await neighbor.listRoutes();
    if (listed !== routes.announced.length) throw new Error(`${neighbor.name} lists ${listed} routes`);
    if (round === 0) memory.push(...(await readMemory(fleet, situation)));
    const deletedMs = await origin.change('delete', routes.announced);
    gone.push((await neighbor.untilRoutes(0, timeoutMs)) - deletedMs);
  }
  await origin.change('delete', routes.local);
  const figure = (name: string, values: readonly number[]): Figure => ({
    ...spread(values.map((ms) => Math.max(0, ms))),
    situation,
    subject: 'neighbor',
    name,
    unit: 'ms',
  });
  return [figure('routes known', known), figure('routes gone', gone), ...memory];
}

/** Resident memory of the daemons of the host that announces, of its neighbor, and of the leaf between them. */
async function readMemory({ hosts, leaves, daemon }: Fleet, situation: string): Promise<Figure[]> {
  const [origin, neighbor] = hosts as [ScaleRouter, ScaleRouter];
  const figures: Figure[] = [];
  const subjects = { origin, neighbor, ...(leaves[0] === undefined ? {} : { leaf: leaves[0] }) };
  for (const [subject, router] of Object.entries(subjects))
    for (const name of ['zebra', daemon] as const) {
      const { residentMb } = await router.readDaemon(name);
      figures.push({ situation, subject, name: `${name}: resident memory`, unit: 'MB', value: residentMb });
    }
  return figures;
}
