/** What happens to a host, and what becomes of routed's containers. */
export interface Survival {
  /** What happens, as docs/operations.md says it. */
  readonly event: string;
  /** Whether Docker keeps containers when it stops (`live-restore`); absent: it makes no difference. */
  readonly liveRestore?: boolean;
  readonly containers: 'keep running' | 'restart' | 'end';
  readonly traffic: 'none lost' | 'lost for less than 1 s' | 'resume with the container' | 'ends';
  /** Whether the addresses of the containers remain theirs. */
  readonly addresses: 'kept' | 'free';
  /** What an operator does then. */
  readonly advice: string;
}

const unharmed = { containers: 'keep running', traffic: 'none lost', addresses: 'kept' } as const;
const repaired = { ...unharmed, traffic: 'lost for less than 1 s', advice: 'nothing: the plugin restores it' } as const;
const restarted = {
  containers: 'restart',
  traffic: 'resume with the container',
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
    event: 'the plugin is upgraded',
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
    event: 'dockerd and the plugin are killed together, with `live-restore`',
    liveRestore: true,
    ...unharmed,
    advice: 'start the plugin first',
  },
  'engine-restarted': {
    event: 'dockerd is restarted, without `live-restore`',
    liveRestore: false,
    ...restarted,
    advice: 'start containers without a restart policy',
  },
  'engine-killed': {
    event: 'dockerd is killed and started, without `live-restore`',
    liveRestore: false,
    ...restarted,
    advice: 'start containers without a restart policy',
  },
  'both-killed': {
    event: 'dockerd and the plugin are killed together, without `live-restore`',
    liveRestore: false,
    ...restarted,
    advice: 'start the plugin first',
  },
  'route-deleted': { event: "a container's route is deleted", ...repaired },
  'routes-flushed': { event: 'all routes of protocol 200 are flushed', ...repaired },
  'link-down': { event: "a container's link is set down", ...repaired },
  'rules-flushed': { event: 'the iptables rules are flushed (`iptables -F`)', ...repaired },
  'ruleset-flushed': { event: 'the firewall is flushed (`nft flush ruleset`)', ...repaired },
  'ended-meanwhile': {
    event: 'a container is removed while the plugin is down',
    containers: 'end',
    traffic: 'ends',
    addresses: 'free',
    advice: 'start the plugin: it removes what is left',
  },
  'state-lost': {
    event: 'the state directory is deleted, and the plugin is killed and started',
    ...unharmed,
    advice: 'see [Loss of the state](#loss-of-the-state)',
  },
  'host-rebooted': { event: 'the host is rebooted', ...restarted, advice: 'start the plugin first' },
} as const satisfies Readonly<Record<string, Survival>>;

/** The name of one of them. */
export type SurvivalName = keyof typeof SURVIVALS;
