/** What happens to a host, and what becomes of routed's containers. */
export interface Survival {
  /** What happens, as docs/operations.md says it. */
  readonly event: string;
  /** Whether Docker keeps containers when it stops (`live-restore`); absent: it makes no difference. */
  readonly liveRestore?: boolean;
  readonly containers: 'run on' | 'start again' | 'end';
  readonly traffic: 'nothing lost' | 'silent for less than 1 s' | 'back with the container' | 'ends';
  /** Whether the addresses of the containers remain theirs. */
  readonly addresses: 'kept' | 'free';
  /** What an operator does then. */
  readonly advice: string;
}

const unharmed = { containers: 'run on', traffic: 'nothing lost', addresses: 'kept' } as const;
const repaired = { ...unharmed, traffic: 'silent for less than 1 s', advice: 'nothing: it is put back' } as const;
const restarted = {
  containers: 'start again',
  traffic: 'back with the container',
  addresses: 'kept',
} as const;

/** What survives what; networks always do. The tests do each of these to a host; docs/operations.md shows the same table. */
export const SURVIVALS = {
  'plugin-stopped': {
    event: 'the plugin is stopped and started',
    ...unharmed,
    advice: 'nothing; no container can start or be removed meanwhile',
  },
  'plugin-killed': { event: 'the plugin is killed and started', ...unharmed, advice: 'nothing' },
  'plugin-upgraded': {
    event: 'a new version takes the place of the plugin',
    ...unharmed,
    advice: 'see [Upgrade](#upgrade)',
  },
  'engine-restarted-live': {
    event: 'dockerd is restarted, with `live-restore`',
    liveRestore: true,
    ...unharmed,
    advice: 'nothing',
  },
  'engine-killed-live': {
    event: 'dockerd is killed and started, with `live-restore`',
    liveRestore: true,
    ...unharmed,
    advice: 'nothing',
  },
  'both-killed-live': {
    event: 'dockerd and the plugin are killed at once, with `live-restore`',
    liveRestore: true,
    ...unharmed,
    advice: 'start the plugin first',
  },
  'engine-restarted': {
    event: 'dockerd is restarted, without `live-restore`',
    liveRestore: false,
    ...restarted,
    advice: 'start those without a restart policy',
  },
  'engine-killed': {
    event: 'dockerd is killed and started, without `live-restore`',
    liveRestore: false,
    ...restarted,
    advice: 'start those without a restart policy',
  },
  'both-killed': {
    event: 'dockerd and the plugin are killed at once, without `live-restore`',
    liveRestore: false,
    ...restarted,
    advice: 'start the plugin first',
  },
  'route-deleted': { event: "somebody deletes a container's route", ...repaired },
  'routes-flushed': { event: 'somebody flushes all routes of protocol 200', ...repaired },
  'link-down': { event: "somebody sets a container's link down", ...repaired },
  'rules-flushed': { event: 'somebody flushes the rules (`iptables -F`)', ...repaired },
  'ruleset-flushed': { event: 'somebody flushes the firewall (`nft flush ruleset`)', ...repaired },
  'ended-meanwhile': {
    event: 'a container is removed while no plugin runs',
    containers: 'end',
    traffic: 'ends',
    addresses: 'free',
    advice: 'start the plugin: what is left on the host goes',
  },
  'state-lost': {
    event: 'the state directory is deleted, and the plugin killed and started',
    ...unharmed,
    advice: 'see [Loss of the state](#loss-of-the-state)',
  },
  'host-rebooted': { event: 'the host is rebooted', ...restarted, advice: 'start the plugin first' },
} as const satisfies Readonly<Record<string, Survival>>;

/** The name of one of them. */
export type SurvivalName = keyof typeof SURVIVALS;
