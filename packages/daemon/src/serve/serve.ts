import { isAllowedToRoute } from '@routed/datapath/capabilities';
import { inheritedSockets } from '@routed/plugin-server';
import { fstatSync } from 'node:fs';
import { type Daemon, startDaemon } from './daemon.ts';
import { createLogger, isJournal, type Logger } from '../ground/logger.ts';
import { RoutedError } from '../ground/routed-error.ts';
import { tellServiceManager } from './service-manager.ts';
import type { OptionSources } from './check-options.ts';
import { parseServeOptions } from './serve-options.ts';

/** Serves until SIGTERM or SIGINT, then finishes what is under way. */
export async function serve(
  raw: Readonly<Record<string, unknown>>,
  { variableOf, doubts }: OptionSources,
): Promise<void> {
  const options = parseServeOptions(raw, variableOf);
  if (!(await isAllowedToRoute())) {
    throw new RoutedError(
      'NOT_PERMITTED',
      'routed-plugin needs the capabilities of root (CAP_NET_ADMIN): run it as root',
    );
  }
  const logger = await createLogger({
    level: options.logLevel,
    format: options.logFormat,
    isJournal: isJournal(process.env['JOURNAL_STREAM'], fstatSync(process.stdout.fd)),
  });
  for (const doubt of doubts) logger.warn({}, doubt);
  const starting = startDaemon(options, inheritedSockets(process.env, process.pid), logger);
  // Also while it starts: calls may be waiting already.
  stopOnSignal(starting, logger);
  await starting;
  await tellServiceManager(process.env, logger);
}

function stopOnSignal(starting: Promise<Daemon>, logger: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping: finishing requests in progress');
    starting
      .then((daemon) => daemon.stop())
      .then(
        () => logger.info({}, 'stopped; running containers keep their network'),
        (error: unknown) => {
          logger.error({ err: error }, 'stopping failed');
          process.exitCode = 1;
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
