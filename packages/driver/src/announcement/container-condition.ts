import type { ContainerDetails } from '@routed/docker-engine';
import { constants } from 'node:os';
import type { ContainerCondition } from './announcement.ts';

/** Signals that end a container whatever its stop signal is. */
export const ENDING = ['SIGTERM', 'SIGINT', 'SIGKILL'] as const;

/** What `docker inspect` says of it. Pure. */
export function conditionOf({ status, isRunning, isPaused, health }: ContainerDetails): ContainerCondition {
  const state = isPaused ? 'paused' : isRunning ? 'running' : status === 'created' ? 'created' : 'ending';
  return { state, ...(health !== undefined && { health }) };
}

/** The condition of a container after an event other than a signal; the same object if it does not change. Pure. */
export function changed(
  condition: ContainerCondition,
  { action, detail }: { readonly action: string; readonly detail: string },
): ContainerCondition {
  switch (action) {
    case 'die':
      return { ...condition, state: 'ending' };
    case 'pause':
      return { ...condition, state: 'paused' };
    case 'unpause':
      return { ...condition, state: 'running' };
    case 'health_status':
      return detail === 'healthy' || detail === 'unhealthy' || detail === 'starting'
        ? { ...condition, health: detail }
        : condition;
    default:
      return condition;
  }
}

/**
 * Whether it is one of these.
 *
 * @param signal its number, as Docker's event has it
 * @param names with SIG or without, or numbers; empty is none
 */
export function isSignal(signal: string | undefined, names: readonly string[]): boolean {
  if (signal === undefined) return false;
  const { signals } = constants;
  return names.some((name) => {
    const full = name.startsWith('SIG') ? name : `SIG${name}`;
    return name === signal || (full in signals && String(signals[full as keyof typeof signals]) === signal);
  });
}
