import { expect } from 'chai';
import type { ClusterHost } from '@routed/lab';
import { eventually } from '../../support/eventually.ts';

/** Metrics are at most 5 s old. */
const FRESH_MS = 10_000;

/** What `--metrics-router` says of the sessions of a host’s router by one protocol. */
export interface SessionMetrics {
  /** Waits until that many sessions are shown as down. */
  untilDown(sessions: number): Promise<void>;
  /** Waits until all are shown as up, with that many losses more than when the watch began. */
  untilUp(losses: number): Promise<void>;
}

/** Begins to watch the sessions of a host, which are all up. Its plugin runs with `--metrics-port` and `--metrics-router`. */
export async function watchSessions({ host }: ClusterHost, port: number, protocol: string): Promise<SessionMetrics> {
  const values = async (metric: string): Promise<number[]> => {
    const { stdout } = await host.exec(['curl', '--silent', '--fail', `http://127.0.0.1:${port}/metrics`]);
    const series = new RegExp(`^routed_router_neighbor_${metric}\\{protocol="${protocol}".*\\} (\\d+)$`, 'gm');
    return [...stdout.matchAll(series)].map(([, value]) => Number(value));
  };
  const losses = async (): Promise<number> => (await values('flaps_total')).reduce((sum, count) => sum + count, 0);
  const untilDown = (sessions: number): Promise<void> =>
    eventually(async () => {
      expect((await values('up')).filter((value) => value === 0)).to.have.lengthOf(sessions);
    }, FRESH_MS);
  expect(await values('up')).to.not.be.empty;
  await untilDown(0);
  const before = await losses();
  return {
    untilDown,
    untilUp: async (more) => {
      await untilDown(0);
      expect(await losses()).to.equal(before + more);
    },
  };
}
