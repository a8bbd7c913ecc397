import { z } from 'zod';

/**
 * The items of a list in a driver option, in order.
 *
 * Separated by spaces, commas, semicolons or plus signs, any number of each: a comma ends the value in
 * `docker run --network`, whose own syntax it is, a space needs quotes in a shell, and a plus sign needs nothing.
 */
export function textList(text: string): string[] {
  return text.split(/[\s,;+]+/).filter((item) => item !== '');
}

/**
 * A list that is not empty and whose items differ. An issue names the item by its place.
 *
 * @param form what an item is, with an example, for people
 * @param canonical throws for an item of another form
 */
export function listOf(form: string, canonical: (item: string) => string): z.ZodType<readonly string[]> {
  return z.string({ error: `expected ${form}` }).transform((text, context) => {
    const items = new Set<string>();
    for (const [index, item] of textList(text).entries()) {
      const value = canonicalOrNone(item, canonical);
      if (value === undefined) context.addIssue(`item ${index + 1}, "${item}": expected ${form}`);
      else if (items.has(value)) context.addIssue(`item ${index + 1}, ${value}, is there twice`);
      else items.add(value);
    }
    if (items.size === 0) context.addIssue(`expected ${form}`);
    return [...items];
  });
}

function canonicalOrNone(item: string, canonical: (item: string) => string): string | undefined {
  try {
    return canonical(item);
  } catch {
    return undefined;
  }
}
