import { askUnixServer } from '@routed/docker-engine/unix-http';
import { DAEMON_REPORT_PATH, type DaemonReport, daemonReport } from '@routed/driver/daemon-report';

const ANSWER_TIMEOUT_MS = 5_000;

/** Undefined when no daemon answers, or one of another release. */
export async function readDaemon(socketPath: string): Promise<DaemonReport | undefined> {
  const request = { socketPath, method: 'GET', path: DAEMON_REPORT_PATH, timeoutMs: ANSWER_TIMEOUT_MS } as const;
  const reply = await askUnixServer(request).catch(() => undefined);
  return reply?.status === 200 ? daemonReport.safeParse(reply.body).data : undefined;
}
