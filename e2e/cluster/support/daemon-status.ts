import type { ClusterHost } from '@routed/lab';
import { send } from '../../support/raw-request.ts';

/** An address that another host announces as well, as the plugin tells it. */
export interface Conflict {
  readonly address: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly state: 'kept' | 'yielding' | 'yielded';
  readonly holders: readonly string[];
}

/** What the plugin has met of other hosts' addresses. */
export interface ConflictCounters {
  readonly candidatesSkipped: number;
  readonly requestsRefused: number;
  readonly joinsRefused: number;
  readonly conflictsFound: number;
  readonly conflictsEnded: number;
  readonly yielded: number;
  readonly resumed: number;
}

interface Status {
  readonly problems: readonly string[];
  readonly conflicts: readonly Conflict[];
  readonly cluster: ConflictCounters;
}

/** How the plugin of a host says it is. */
export async function statusOf(host: ClusterHost): Promise<Status> {
  return JSON.parse(await ask(host, '/v1/status')) as Status;
}

/** What the plugin of a host says of one address, now. */
export async function conflictOn(host: ClusterHost, address: string): Promise<Conflict | undefined> {
  return (await statusOf(host)).conflicts.find((conflict) => conflict.address === address);
}

/** The kinds of what happened to an address on a host, the oldest first. */
export async function historyOn(host: ClusterHost, address: string): Promise<readonly string[]> {
  const lines = (await ask(host, `/v1/events?address=${address}`)).split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { readonly kind: string }).kind);
}

/** The plugin's metrics in Prometheus' format. */
export async function metricsOf(host: ClusterHost): Promise<string> {
  return await ask(host, '/metrics');
}

async function ask({ host }: ClusterHost, path: string): Promise<string> {
  const { status, body } = await send(host.outsidePath('/run/routed/admin.sock'), path, '', 'GET');
  if (status !== 200) throw new Error(`${host.name} ${path}: ${status} ${body}`);
  return body;
}
