import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long others wait at most, as long as one element is short. */
const SLICE_MS = 0.5;

/** A record as JSON, written in slices of half a millisecond: with ten thousand endpoints all of it takes some 30 ms at once. */
export function gradualJson(record: Readonly<Record<string, unknown>>): Readable {
  return Readable.from(slicesOf(record), { objectMode: false });
}

async function* slicesOf(record: Readonly<Record<string, unknown>>): AsyncGenerator<string> {
  let text = '';
  let until = performance.now() + SLICE_MS;
  for (const piece of piecesOf(record)) {
    text += piece;
    if (performance.now() < until) continue;
    yield text;
    text = '';
    await nextTurn();
    until = performance.now() + SLICE_MS;
  }
  yield text;
}

/** Together they are what JSON.stringify makes; no piece has more than one element of a list. */
function* piecesOf(record: Readonly<Record<string, unknown>>): Generator<string> {
  let before = '{';
  for (const [key, value] of Object.entries(record)) {
    if (value === undefined) continue;
    yield `${before}${JSON.stringify(key)}:`;
    before = ',';
    if (Array.isArray(value)) yield* elementsOf(value);
    else yield JSON.stringify(value);
  }
  yield before === '{' ? '{}' : '}';
}

function* elementsOf(list: readonly unknown[]): Generator<string> {
  let before = '[';
  for (const element of list) {
    yield before + (element === undefined ? 'null' : JSON.stringify(element));
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}
