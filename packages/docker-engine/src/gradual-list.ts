import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import { ElementScanner } from './element-scanner.ts';

/** How long others wait at most, as long as one element is short. */
const TURN_MS = 0.5;

/** A list in a JSON text: an array, or a member of an object, whose members are the elements. */
export interface ListShape<T, R> {
  /** Absent: the text is an array. */
  readonly member?: string;
  /** Of each element; of a member of an object, as `[name, value]`. */
  readonly element: z.ZodType<T>;
  /** Of the text without its elements. */
  readonly rest: z.ZodType<R>;
}

/** What was read. */
export interface GradualList<T, R> {
  readonly elements: readonly T[];
  readonly rest: R;
}

/**
 * Reads a list of this shape as it comes, in turns of half a millisecond: what Docker says of ten thousand containers takes some hundred
 * milliseconds to parse and to check at once.
 *
 * @throws SyntaxError for what is no JSON, ZodError for what has another shape, or as the stream breaks off
 */
export async function readGradually<T, R>(text: Readable, shape: ListShape<T, R>): Promise<GradualList<T, R>> {
  const scanner = new ElementScanner(shape.member);
  const elements: T[] = [];
  let until = performance.now() + TURN_MS;
  for await (const piece of text.setEncoding('utf8') as AsyncIterable<string>) {
    for (const element of scanner.push(piece)) {
      elements.push(shape.element.parse(shape.member === undefined ? JSON.parse(element) : memberOf(element)));
      if (performance.now() < until) continue;
      await nextTurn();
      until = performance.now() + TURN_MS;
    }
  }
  return { elements, rest: shape.rest.parse(JSON.parse(scanner.rest)) };
}

function memberOf(text: string): unknown {
  const [member, ...others] = Object.entries(JSON.parse(`{${text}}`) as object);
  if (member === undefined || others.length > 0) throw new SyntaxError(`"${text}" is not one member`);
  return member;
}
