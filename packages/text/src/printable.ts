/**
 * Characters that move a terminal's cursor, change its colours, reverse the reading order, or cannot be seen: control
 * characters (C0, DEL, C1), format characters (with all that are about the direction of text), line and paragraph
 * separators. Source: Unicode Standard, chapter 23; Unicode Technical Report 36, "Bidirectional Text Spoofing".
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** The text in one line that shows on a terminal as it is: what is not printable is escaped as in JSON. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (found) => SHORT_ESCAPES.get(found) ?? escaped(found));
}

/** Like {@link printable}, for text of our own in several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** JSON with the same meaning that shows on a terminal as it is; line feeds can only be between its tokens, and stay. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (found) => (found === '\n' ? found : escaped(found)));
}

/** Longest error text, in characters: what does not fit on a screen helps nobody, and fills logs. */
export const ERROR_TEXT_LIMIT = 1000;

/** Longest part of what somebody gave us that an error text repeats, in characters. */
const EXCERPT_LIMIT = 100;

/** The text, or its start and its end: what was wrong stands at the start of our messages, and what to do at the end. */
export function bounded(text: string, limit: number = ERROR_TEXT_LIMIT): string {
  if (text.length <= limit) return text;
  const end = Math.floor(limit / 3);
  return `${text.slice(0, limit - end - 1)}…${text.slice(-end)}`;
}

/** What somebody gave us, for an error text: its start. */
export function excerpt(value: unknown): string {
  const text = String(value);
  return text.length > EXCERPT_LIMIT ? `${text.slice(0, EXCERPT_LIMIT)}…` : text;
}

/** The words of an error, for a person at a terminal: one line of bounded length. */
export function errorText(error: unknown): string {
  // Bounded first: escapes make it longer, sixfold at most.
  return bounded(printable(bounded(error instanceof Error ? error.message : String(error))));
}

function escaped(found: string): string {
  const units = Array.from({ length: found.length }, (_, index) => found.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
