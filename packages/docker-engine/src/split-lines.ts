import type { Readable } from 'node:stream';

const LONGEST_LINE = 4 * 1024 * 1024;

/**
 * The lines of a stream, without empty ones and what is left of a line when the stream ends; undefined stands for a line
 * that is too long. Rejects when the stream breaks off, which node:readline does not tell.
 */
export async function* splitLines(stream: Readable): AsyncGenerator<string | undefined, void, undefined> {
  let line = '';
  let isTooLong = false;
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
    const [first = '', ...others] = chunk.split('\n');
    line += first;
    for (const next of others) {
      if (isTooLong) yield undefined;
      else if (line !== '') yield line;
      isTooLong = false;
      line = next;
    }
    isTooLong ||= line.length > LONGEST_LINE;
    if (isTooLong) line = '';
  }
}
