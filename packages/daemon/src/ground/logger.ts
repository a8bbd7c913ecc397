import { bounded, errorText, printable, printableJson, printableLines } from '@routed/text';
import type { Stats } from 'node:fs';
import type { Writable } from 'node:stream';
import { destination, type DestinationStream, type Level, pino, stdSerializers, stdTimeFunctions } from 'pino';

/** What the daemon's parts need of a logger: pino's calls, fields first. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How log lines look: one JSON object a line for machines, or coloured text for people. */
export type LogFormat = 'json' | 'pretty';

/** Longest text of an error in a log line, in characters: a stack has the message in it, and that of its causes. */
const STACK_LIMIT = 4000;

/**
 * A logger that writes to standard output.
 *
 * Whatever is in a message or a field shows on a terminal as it is, and the texts of an error are bounded.
 */
export async function createLogger(options: {
  readonly level: Level;
  readonly format: LogFormat;
  /** Instead of standard output. */
  readonly output?: Writable;
  /** Whether the journal of systemd reads it, which takes priorities from the start of a line; only JSON has them. */
  readonly isJournal?: boolean;
}): Promise<Logger> {
  const { level, format, output, isJournal = false } = options;
  const stream =
    format === 'pretty'
      ? await prettyStream(output)
      : printableStream(output ?? destination({ sync: true }), isJournal ? prefixOf : () => '');
  const logger: Logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: boundedError },
      hooks: {
        logMethod([fields, message], log) {
          log.call(this, fields, errorText(message));
        },
      },
    },
    stream,
  );
  return logger;
}

/** Every text of an error: its message, its stack, and what else it carries. */
function boundedError(error: Error): unknown {
  return mapTexts(stdSerializers.err(error), (text) => bounded(text, STACK_LIMIT));
}

/** JSON that no terminal takes for its own; its meaning is the same. */
function printableStream(output: DestinationStream, prefix: (line: string) => string): DestinationStream {
  return { write: (line) => output.write(`${prefix(line)}${printableJson(line)}`) };
}

/** Source: sd-daemon(3); syslog(3) has the numbers. */
const PRIORITY: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/** What tells the journal how bad a line is. It leaves that out of the message. */
function prefixOf(line: string): string {
  // The first field of every line: no text of anybody's stands before it.
  const [, level = ''] = /^\{"level":"(\w+)"/.exec(line) ?? [];
  return `<${PRIORITY[level] ?? PRIORITY['info']}>`;
}

/**
 * Whether standard output goes to the journal of systemd, whose device and inode number the service manager names: a program that
 * is started by a service and writes to a file inherits the variable.
 *
 * Source: systemd.exec(5), JOURNAL_STREAM.
 */
export function isJournal(stream: string | undefined, { dev, ino }: Pick<Stats, 'dev' | 'ino'>): boolean {
  return stream === `${dev}:${ino}`;
}

/** Loaded where it is wanted: a service's logs are JSON. It writes texts as they are, and a stack in lines. */
async function prettyStream(output: Writable | undefined): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  const stream = pretty({
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    sync: true,
    ...(output === undefined ? {} : { destination: output }),
  });
  const show = (text: string, key: string): string => (key === 'stack' ? printableLines(text) : printable(text));
  return { write: (line) => void stream.write(`${JSON.stringify(mapTexts(JSON.parse(line), show))}\n`) };
}

/** How deep objects in a log line are looked into; what is deeper pino leaves out. */
const MAX_DEPTH = 6;

/** A copy of a value with other texts; a text that is in no object has the key ''. */
function mapTexts(value: unknown, change: (text: string, key: string) => string, key = '', depth = 0): unknown {
  if (typeof value === 'string') return change(value, key);
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change, key, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [printable(name), mapTexts(item, change, name, depth + 1)]),
  );
}
