import { destination, type Level, pino } from 'pino';
import pretty from 'pino-pretty';

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
export function createLogger(options: { readonly level: Level; readonly format: LogFormat }): Logger {
  const stream =
    options.format === 'pretty'
      ? pretty({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l', sync: true })
      : destination({ sync: true });
  return pino({ level: options.level, base: null }, stream);
}
