import type { Cluster } from './cluster.ts';
import type { Host } from './host.ts';
import type { ModelContainer } from './model-container.ts';
import { sleep } from './virtual-time.ts';

type Action = (cluster: Cluster) => void;

const KNOWN_ADDRESSES = {
  own: ['10.1.0.10', '10.1.0.11'],
  any: ['10.2.0.10', '10.2.0.11'],
  blocks: ['10.3.0.6', '10.3.0.17'],
} as const;
/** How often a container has an address of these. */
const KNOWN_PART = { own: 0.6, any: 1, blocks: 0.15 } as const;
/** Containers of one host: enough to get into each other's way. */
const MOST_CONTAINERS = 7;
const LONGEST_OUTAGE_MS = 40_000;

/** What may happen next, and how often it does. */
const ACTIONS: readonly (readonly [weight: number, action: Action])[] = [
  [14, run],
  [4, onContainer((host, container) => void host.engine.startContainer(container))],
  [4, onContainer((host, container) => void host.engine.stopContainer(container, 'SIGTERM'))],
  [2, onContainer((host, container) => void host.engine.stopContainer(container, 'SIGKILL'))],
  [2, onContainer((host, container) => void host.engine.endProcess(container))],
  [3, onContainer((host, container) => void host.engine.pause(container, container.status === 'running'))],
  [4, onContainer(changeHealth)],
  [3, onContainer(operate)],
  [4, onContainer(handOver)],
  [1, onHost(drain)],
  [4, onHost((host) => host.killPlugin('by chance'))],
  [10, onHost(killPluginInCall)],
  [2, onHost((host) => void host.restartPlugin())],
  [3, onHost(killEngine)],
  [2, onHost(killRouter)],
  [2, cut],
  [1, onHost(cutPower)],
];

/** Has one thing happen. */
export function act(cluster: Cluster): void {
  cluster.random.weighted(ACTIONS)(cluster);
}

/** Some containers, so that there is something to break. */
export function populate(cluster: Cluster): void {
  for (let count = cluster.random.between(1, 3 * cluster.hosts.length); count > 0; count--) run(cluster);
}

/** Whatever was broken works again from now on. */
export async function repairAll(cluster: Cluster): Promise<void> {
  cluster.story.tell('', 'everything is repaired');
  cluster.fabric.healAll();
  for (const host of cluster.hosts) {
    host.plugin?.life.surviveWrites();
    if (!host.isOn) await host.powerOn();
    if (!host.router.isUp) void host.router.start();
    while (host.plugin?.isServing !== true) {
      await host.startPlugin();
      await sleep(100);
    }
    host.plugin.life.surviveWrites();
    await host.engine.start();
    for (const container of host.engine.containers.values()) {
      if (container.status === 'paused') void host.engine.pause(container, false);
    }
    await host.plugin.driver.operators.announcements.drainHost(false);
  }
}

function onHost(act: (host: Host, cluster: Cluster) => void): Action {
  return (cluster) => {
    act(cluster.random.pick(cluster.hosts), cluster);
  };
}

function onContainer(act: (host: Host, container: ModelContainer) => void): Action {
  return onHost((host, { random }) => {
    const containers = [...host.engine.containers.values()];
    if (containers.length > 0) act(host, random.pick(containers));
  });
}

/** Docker has something to say to the plugin, which is killed on the way. */
function killPluginInCall(host: Host): void {
  host.killPluginAtWrite(Math.ceil(host.random.between(0, 12)));
  const containers = [...host.engine.containers.values()];
  if (containers.length === 0) return;
  const container = host.random.pick(containers);
  if (container.isAlive) void host.engine.stopContainer(container, 'SIGKILL');
  else void host.engine.startContainer(container);
}

function run({ random, hosts }: Cluster): void {
  const host = random.pick(hosts);
  const { containers } = host.engine;
  if (!host.engine.isUp || containers.size >= MOST_CONTAINERS) return;
  const network = random.weighted([
    [3, 'own'],
    [2, 'any'],
    [4, 'blocks'],
  ] as const);
  const ip = random.isTrue(KNOWN_PART[network]) ? random.pick(KNOWN_ADDRESSES[network]) : undefined;
  const container = host.engine.create({
    name: `${host.name}-${containers.size + 1}`,
    network,
    ...(ip !== undefined && { ip }),
    hasHealthcheck: random.isTrue(0.8),
    doesRestart: random.isTrue(0.5),
  });
  void host.engine.startContainer(container);
}

function changeHealth(host: Host, container: ModelContainer): void {
  if (!host.engine.isUp || !container.wish.hasHealthcheck || container.status !== 'running') return;
  const health = container.health === 'healthy' ? 'unhealthy' : 'healthy';
  host.engine.setHealth(container, health);
  host.tell(`${container.name} is ${health}`);
}

/** An operator has something to say about a container. */
function operate(host: Host, container: ModelContainer): void {
  if (host.plugin?.isServing !== true) return;
  const { announcements } = host.plugin.driver.operators;
  const isOn = host.random.isTrue(0.6);
  const isWish = host.random.isTrue(0.6);
  const what = `${isWish ? (isOn ? 'announce' : 'withdraw') : isOn ? 'undrain' : 'drain'} ${container.name}`;
  host.tell(what);
  const done = isWish ? announcements.set(container.name, isOn) : announcements.drain(container.name, !isOn);
  done.catch((error: unknown) => host.tell(`${what}: ${(error as Error).message}`));
}

function handOver(host: Host, container: ModelContainer): void {
  if (host.plugin?.isServing !== true) return;
  const withinMs = Math.round(host.random.between(1_000, 30_000));
  const what = `handover ${container.name} within ${withinMs} ms`;
  host.tell(what);
  host.plugin.driver.operators.announcements
    .handover(container.name, withinMs)
    .catch((error: unknown) => host.tell(`${what}: ${(error as Error).message}`));
}

function drain(host: Host): void {
  if (host.plugin?.isServing !== true) return;
  const isDraining = host.random.isTrue(0.5);
  host.tell(isDraining ? 'drain --all' : 'undrain --all');
  host.plugin.driver.operators.announcements
    .drainHost(isDraining)
    .catch((error: unknown) => host.tell(`drain: ${(error as Error).message}`));
}

function killEngine(host: Host): void {
  if (!host.isOn || !host.engine.isUp) return;
  host.tell('dockerd is killed');
  host.engine.kill();
  after(host, () => {
    host.tell('dockerd starts');
    void host.engine.start();
  });
}

function killRouter(host: Host): void {
  if (!host.router.isUp) return;
  host.tell('router is killed');
  host.router.kill();
  after(host, () => {
    if (host.router.isUp) return;
    host.tell('router starts');
    void host.router.start();
  });
}

function cutPower(host: Host): void {
  if (!host.isOn) return;
  host.powerOff();
  setTimeout(
    () => {
      if (host.isOn) return;
      host.tell('boots');
      void host.powerOn();
    },
    host.random.between(1_000, LONGEST_OUTAGE_MS),
  );
}

function cut({ random, hosts, fabric, story }: Cluster): void {
  const [one, other] = [random.pick(hosts), random.pick(hosts)];
  if (one === other) return;
  story.tell('', `nothing gets from ${one.name} to ${other.name}`);
  fabric.setCut(one.router, other.router, true);
  setTimeout(
    () => {
      story.tell('', `${one.name} and ${other.name} hear each other`);
      fabric.setCut(one.router, other.router, false);
    },
    random.between(100, LONGEST_OUTAGE_MS),
  );
}

/** Later, if the host has not lost its power meanwhile: then what starts it again starts everything. */
function after(host: Host, work: () => void): void {
  const { kernel } = host;
  setTimeout(
    () => {
      if (host.isOn && host.kernel === kernel) work();
    },
    host.random.between(100, LONGEST_OUTAGE_MS),
  );
}
