import { z } from 'zod';

/** The field of that name; failing that, one whose name differs in case only, as Go's JSON decoder takes it. */
export function fieldIgnoringCase(value: unknown, name: string): unknown {
  if (!isObject(value)) return undefined;
  if (Object.hasOwn(value, name)) return value[name];
  const wanted = name.toLowerCase();
  const found = Object.keys(value).find((key) => key.toLowerCase() === wanted);
  return found === undefined ? undefined : value[found];
}

/** A copy of `value` in which every field that `schema` knows has the schema's spelling. */
export function foldKeys(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return foldKeys(schema.unwrap(), value);
  if (schema instanceof z.ZodArray && Array.isArray(value)) return value.map((item) => foldKeys(schema.element, item));
  if (!(schema instanceof z.ZodObject) || !isObject(value)) return value;
  const folded = { ...value };
  for (const [name, field] of Object.entries(schema.shape)) {
    const given = fieldIgnoringCase(value, name);
    if (given !== undefined) folded[name] = foldKeys(field, given);
  }
  return folded;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
