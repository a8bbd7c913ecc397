import type { ConflictPolicy, StoredOptions } from './options.ts';
import { invalidOption } from './parse-options.ts';

/** What of a network, or of an endpoint with what its network says, matters to connections that are not tracked. */
type Candidate = Pick<StoredOptions<'network'>, 'conntrack' | 'ingress' | 'egress' | 'isolation' | 'isTakeover'> & {
  readonly onConflict?: ConflictPolicy | undefined;
  readonly drainMs?: number | undefined;
};

/**
 * Refuses `routed.conntrack=off` beside what has to know connections. Pure.
 *
 * @param fix what to do about it
 * @throws DriverError INVALID_OPTION
 */
export function checkConntrack(options: Candidate, fix = 'omit one of them'): void {
  const obstacle = options.conntrack === 'off' ? needOf(options) : undefined;
  if (obstacle === undefined) return;
  throw invalidOption('routed.conntrack', 'off', `${obstacle} needs connection tracking: ${fix}`);
}

function needOf({
  ingress = 'any',
  egress = 'any',
  isolation,
  isTakeover,
  onConflict,
  drainMs = 0,
}: Candidate): string | undefined {
  if (ingress !== 'any') return `routed.ingress=${ingress}`;
  if (egress !== 'any') return `routed.egress=${egress}`;
  if (isolation === 'network') return 'routed.isolation=network';
  if (isTakeover === true) return 'routed.takeover=true';
  if (onConflict === 'handover') return 'routed.on-conflict=handover';
  return drainMs > 0 ? 'routed.drain' : undefined;
}
