import type { AnnouncementReason } from './announcement.ts';

/** What an operator is told of a reason. */
interface Words {
  /** What the reason stands for: the endpoint is to be announced, or not; absent: it stays as it is. */
  readonly isAnnounced?: boolean;
  /** The reason as a sentence. */
  readonly why: string;
  /** What ends it. */
  readonly until: string;
}

const WITHDRAWN_BY = 'its stop signal, docker pause or routed-plugin drain';

/** Every reason in plain words. */
export const REASON_WORDS: Readonly<Record<AnnouncementReason, Words>> = {
  always: {
    isAnnounced: true,
    why: 'its network says so, whatever its container does',
    until: 'its container leaves the network, or routed-plugin drain',
  },
  running: { isAnnounced: true, why: 'its container runs', until: WITHDRAWN_BY },
  healthy: { isAnnounced: true, why: 'its health check passes', until: `its health check fails, ${WITHDRAWN_BY}` },
  'no-healthcheck': {
    isAnnounced: true,
    why: 'its container runs, and has no HEALTHCHECK',
    until: WITHDRAWN_BY,
  },
  'announced by operator': {
    isAnnounced: true,
    why: 'an operator announced it, and its container runs',
    until: `routed-plugin withdraw, ${WITHDRAWN_BY}`,
  },
  draining: { isAnnounced: false, why: 'an operator drains its container', until: 'routed-plugin undrain' },
  unknown: {
    why: 'Docker has not said what its container does: it stays as it was',
    until: 'Docker answers',
  },
  'not started': { isAnnounced: false, why: 'its container has not started', until: 'its container starts' },
  paused: { isAnnounced: false, why: 'its container is paused', until: 'docker unpause' },
  ending: {
    isAnnounced: false,
    why: 'its container was sent the signal that ends it, or has ended',
    until: 'its container is started again',
  },
  'not healthy': { isAnnounced: false, why: 'its health check does not pass', until: 'its health check passes' },
  'withdrawn by operator': {
    isAnnounced: false,
    why: 'no operator has announced it since its container started, or one has withdrawn it',
    until: 'routed-plugin announce',
  },
  delayed: { isAnnounced: false, why: 'routed.announce-delay is not over', until: 'that time is over' },
  flapping: {
    isAnnounced: false,
    why: 'its container was unhealthy or paused five times within a minute',
    until: 'it has been quiet for a minute',
  },
};
