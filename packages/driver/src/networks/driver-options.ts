import { bounded, excerpt } from '@routed/text';
import { z } from 'zod';
import { DriverError } from '../ground/errors.ts';

/** A switch: true or false, or what else is commonly written for them, in any case. */
export const switchText = z.stringbool({ error: 'expected true or false' });

/**
 * Reads driver options by their schemas. Docker's command line puts keys and values of `docker run` in lower case, so
 * the case of a key does not matter. Keys of Docker's own (`com.docker.…`) are left to Docker.
 *
 * @throws DriverError INVALID_OPTION for an unknown key, with the known ones, or a value of the wrong form
 */
export function parseOptions<T extends Readonly<Record<string, z.ZodType>>>(
  options: Readonly<Record<string, unknown>>,
  known: T,
): { readonly [K in keyof T]?: z.output<T[K]> } {
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    const name = key.toLowerCase();
    if (name.startsWith('com.docker.')) continue;
    const schema = Object.hasOwn(known, name) ? known[name] : undefined;
    if (schema === undefined) throw unknownOption(key, Object.keys(known));
    const result = schema.safeParse(value);
    if (!result.success) throw invalidOption(name, value, result.error.issues[0]?.message);
    values[name] = result.data;
  }
  return values as { readonly [K in keyof T]?: z.output<T[K]> };
}

/** The error for a driver option whose value is not of the expected form. */
export function invalidOption(name: string, value: unknown, expected = 'invalid value'): DriverError {
  return new DriverError('INVALID_OPTION', bounded(`driver option ${name}=${excerpt(value)}: ${expected}`));
}

function unknownOption(key: string, known: readonly string[]): DriverError {
  return new DriverError(
    'INVALID_OPTION',
    `unknown driver option "${excerpt(key)}"; known options: ${known.join(', ')}`,
  );
}
