import { destination, type DestinationStream, type Level, pino } from 'pino';

/** What the daemon's parts need of a logger: pino's calls, fields first. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How log lines look: one JSON object a line for machines, or coloured text for people. */
export type LogFormat = 'json' | 'pretty';

/** A logger that writes to standard output. */
export async function createLogger(options: { readonly level: Level; readonly format: LogFormat }): Promise<Logger> {
  const stream = options.format === 'pretty' ? await prettyStream() : destination({ sync: true });
  const logger: Logger = pino({ level: options.level, base: null }, stream);
  return logger;
}

/** Loaded where it is wanted: a service's logs are JSON. */
async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l', sync: true });
}
