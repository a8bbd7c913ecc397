import { excerpt } from '@routed/text';
import { z } from 'zod';

/**
 * An item of a list in a driver option.
 *
 * Separated by spaces, commas, semicolons or plus signs, any number of each: a comma ends the value in
 * `docker run --network`, whose own syntax it is, a space needs quotes in a shell, and a plus sign needs nothing.
 */
const ITEM = /[^\s,;+]+/g;

/**
 * A list that is not empty and whose items differ. The issue names the first item at fault by its place; what follows it
 * is not read, nor what follows the last item that there may be.
 *
 * @param form what an item is, with an example, for people
 * @param canonical throws for an item of another form
 */
export function listOf(
  form: string,
  canonical: (item: string) => string,
  { maxItems, name }: { readonly maxItems: number; readonly name: string },
): z.ZodType<readonly string[]> {
  return z.string({ error: `expected ${form}` }).transform((text, context) => {
    const items = new Set<string>();
    const refuse = (issue: string): never => {
      context.addIssue(issue);
      return z.NEVER;
    };
    for (const { 0: item } of text.matchAll(ITEM)) {
      const place = items.size + 1;
      if (place > maxItems) return refuse(`expected at most ${maxItems} ${name}`);
      const value = canonicalOrNone(item, canonical);
      if (value === undefined) return refuse(`item ${place}, "${excerpt(item)}": expected ${form}`);
      if (items.has(value)) return refuse(`item ${place}, ${value}, is listed twice`);
      items.add(value);
    }
    return items.size === 0 ? refuse(`expected ${form}`) : [...items];
  });
}

function canonicalOrNone(item: string, canonical: (item: string) => string): string | undefined {
  try {
    return canonical(item);
  } catch {
    return undefined;
  }
}
