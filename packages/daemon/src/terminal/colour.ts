import { styleText } from 'node:util';

/** A text in a colour, where its output shows colours. */
export interface Painted {
  readonly text: string;
  readonly colour: Colour;
}

/** What colours say here: red is wrong, yellow will be, cyan is worth knowing, green is well. */
export type Colour = 'red' | 'yellow' | 'cyan' | 'green';

/** A text in a colour: its characters are made printable before it gets one. */
export function paint(colour: Colour, text: string): Painted {
  return { text, colour };
}

/** What writing to a terminal needs to know of it. */
type Output = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>;

/**
 * Whether an output shows colours: a terminal does, unless the operator or the terminal says otherwise.
 *
 * Source: https://no-color.org; https://force-color.org.
 */
export function hasColours({ isTTY }: Pick<Output, 'isTTY'>, env: NodeJS.ProcessEnv): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  if ((env['FORCE_COLOR'] ?? '') !== '') return env['FORCE_COLOR'] !== '0';
  return isTTY && env['TERM'] !== 'dumb';
}

/** The text in its colour where standard output shows it. The text must be printable already. */
export function coloured({ text, colour }: Painted): string {
  // Asked above: Node would ask the stream in its own way.
  return hasColours(process.stdout, process.env) ? styleText(colour, text, { validateStream: false }) : text;
}

/** How many columns a line has: those of the terminal, at most so many; so many where there is none. */
export function terminalColumns(most: number, { isTTY, columns }: Output = process.stdout): number {
  return isTTY && columns > 0 ? Math.min(columns, most) : most;
}
