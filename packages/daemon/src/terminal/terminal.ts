import { printable, printableJson, printableLines } from '@routed/text';

import { coloured, type Painted } from './colour.ts';

// The one place where commands write: names of containers and networks may hold anything, and never reach a terminal as
// they are.

/** Prints a line. */
export function say(line = ''): void {
  process.stdout.write(`${printable(line)}\n`);
}

/** Raised when a field of what `--json` prints goes or changes its meaning; new fields do not. */
const SCHEMA_VERSION = 1;

/** Prints an object, or a list of objects, as indented JSON: each with the `schemaVersion`. */
export function sayJson(value: object): void {
  const dated: unknown = Array.isArray(value) ? value.map(withVersion) : withVersion(value);
  process.stdout.write(`${printableJson(JSON.stringify(dated, null, 2))}\n`);
}

/** Prints an object as one line of JSON, with the `schemaVersion`. */
export function sayJsonLine(row: object): void {
  process.stdout.write(`${printableJson(JSON.stringify(withVersion(row)))}\n`);
}

function withVersion(row: object): object {
  return { schemaVersion: SCHEMA_VERSION, ...row };
}

/** Prints lines of our own, such as those of a table, whose parts are printable, or colours. */
export function sayPrintable(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a line whose first word has a colour, where standard output shows colours. */
export function sayMarked(mark: Painted, line: string): void {
  process.stdout.write(`${coloured({ ...mark, text: printable(mark.text) })}  ${printable(line)}\n`);
}

/** Prints a line for the operator, not for the program that reads the output. */
export function complain(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** Prints what commander says of a command line: lines, of which a part was typed. */
export function complainLines(text: string): void {
  process.stderr.write(printableLines(text));
}

/** Empties the screen, when it is one. */
export function clearScreen(): void {
  if (process.stdout.isTTY) process.stdout.write('\u001b[2J\u001b[H');
}
