import type { Logger } from '../ground/logger.ts';

/**
 * Tells the service manager that waits for it that the daemon serves (`Type=notify`): until then `systemctl restart`
 * waits, and it fails when the daemon ends before. By systemd's own program, which speaks in the name of its parent: Node
 * has no datagram sockets of this kind.
 *
 * Source: sd_notify(3), systemd-notify(1).
 */
export async function tellServiceManager(
  env: Readonly<Record<string, string | undefined>>,
  logger: Logger,
): Promise<void> {
  if (env['NOTIFY_SOCKET'] === undefined) return;
  try {
    // Loaded by now, if not before the first answer.
    const { runCommand } = await import('@routed/netfilter');
    const result = await runCommand(['systemd-notify', '--ready']);
    if (result?.exitCode !== 0) throw new Error(result?.stderr ?? 'systemd-notify is not installed');
  } catch (error) {
    logger.warn({ err: error }, 'could not notify the service manager');
  }
}
