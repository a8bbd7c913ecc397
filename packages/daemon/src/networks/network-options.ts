import { z } from 'zod';
import { RoutedError } from '../routed-error.ts';

/** Smallest and largest link MTU, in bytes. Source: linux uapi if_ether.h ETH_MIN_MTU, ETH_MAX_MTU. */
export const MTU_RANGE = { min: 68, max: 65_535 } as const;

/** An MTU in bytes, written in decimal. */
export const mtuText = z
  .string()
  .regex(/^\d+$/, { error: `expected a number from ${MTU_RANGE.min} to ${MTU_RANGE.max}`, abort: true })
  .transform(Number)
  .refine((mtu) => mtu >= MTU_RANGE.min && mtu <= MTU_RANGE.max, {
    error: `expected a number from ${MTU_RANGE.min} to ${MTU_RANGE.max}`,
    abort: true,
  });

const NETWORK_OPTIONS = { 'routed.mtu': mtuText } as const;

/** What `docker network create -o` may set. */
export interface NetworkOptions {
  readonly mtuBytes?: number;
}

/**
 * Reads the driver options of a network. Keys of Docker's own (`com.docker.…`) are left to Docker.
 *
 * @throws RoutedError INVALID_OPTION for an unknown key, with the known ones, or a value of the wrong form
 */
export function parseNetworkOptions(options: Readonly<Record<string, unknown>>): NetworkOptions {
  const values = parseOptions(options, NETWORK_OPTIONS);
  const mtuBytes = values['routed.mtu'];
  return mtuBytes === undefined ? {} : { mtuBytes };
}

/**
 * Reads the driver options of an endpoint; none is known yet.
 *
 * @throws RoutedError INVALID_OPTION for every key that is not Docker's own
 */
export function parseEndpointOptions(options: Readonly<Record<string, unknown>>): void {
  parseOptions(options, {});
}

function parseOptions<T extends Readonly<Record<string, z.ZodType>>>(
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

function unknownOption(key: string, known: readonly string[]): RoutedError {
  const remedy = known.length === 0 ? 'no driver options are known here' : `known options: ${known.join(', ')}`;
  return new RoutedError('INVALID_OPTION', `unknown driver option "${key}"; ${remedy}`);
}

function invalidOption(name: string, value: unknown, expected = 'value not understood'): RoutedError {
  return new RoutedError('INVALID_OPTION', `driver option ${name}=${String(value)}: ${expected}`);
}
