import { text } from './reader.ts';

const CHARACTERS: readonly string[] = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

/** Text from `start` to `end` or its NUL, in place: names of links are ASCII, for which a TextDecoder takes ten times as long. */
export function textAt(bytes: Uint8Array, start: number, end: number): string {
  let found = '';
  for (let offset = start; offset < end; offset++) {
    const code = bytes[offset] ?? 0;
    if (code === 0) break;
    if (code > 127) return text(bytes.subarray(start, end));
    found += CHARACTERS[code] ?? '';
  }
  return found;
}
