import { bounded, closest, excerpt } from '@routed/text';
import { DriverError } from '../ground/errors.ts';
import { type EndpointOptions, type NetworkOptions, OPTIONS, optionsOf } from './options.ts';
import { burstComplaint, formatRate, type Rate } from './rate-text.ts';

/**
 * Reads the driver options of a network.
 *
 * @throws DriverError INVALID_OPTION for an unknown key, with the known ones, or a value of the wrong form
 */
export function parseNetworkOptions(given: Readonly<Record<string, unknown>>): NetworkOptions {
  return parse(given, NETWORK) as NetworkOptions;
}

/**
 * Reads the driver options of an endpoint.
 *
 * @throws DriverError INVALID_OPTION for an unknown key, with the known ones, or a value of the wrong form
 */
export function parseEndpointOptions(given: Readonly<Record<string, unknown>>): EndpointOptions {
  const options = parse(given, ENDPOINT) as EndpointOptions;
  if (options.isAnycast === true && options.addresses.length === 0) {
    // Docker leases the --ip before it tells of this option.
    throw invalidOption(
      'routed.anycast',
      true,
      'it applies to routed.addresses, which is not set; for an --ip, create the network with -o routed.anycast=true',
    );
  }
  return options;
}

/** The rates that options give. */
export interface Rates {
  readonly rateIn?: Rate;
  readonly rateOut?: Rate;
}

/**
 * Checks what can be said of rates only once the MTU is known.
 *
 * @throws DriverError INVALID_OPTION
 */
export function checkBursts(rates: Rates, mtuBytes: number): void {
  for (const field of ['rateIn', 'rateOut'] as const) {
    const complaint = burstComplaint(rates[field], mtuBytes);
    if (complaint !== undefined) throw invalidOption(OPTIONS[field].key, formatRate(rates[field]), complaint);
  }
}

/** Whether any packets are to be limited. */
export function hasRate({ rateIn = 'off', rateOut = 'off' }: Rates): boolean {
  return rateIn !== 'off' || rateOut !== 'off';
}

/** The error for a driver option whose value is not of the expected form. */
export function invalidOption(key: string, value: unknown, expected = 'invalid value'): DriverError {
  return new DriverError('INVALID_OPTION', bounded(`driver option ${key}=${excerpt(value)}: ${expected}`));
}

interface Known {
  readonly options: ReturnType<typeof optionsOf>;
  readonly defaults: Readonly<Record<string, unknown>>;
}
const NETWORK = knownOf('network');
const ENDPOINT = knownOf('endpoint');

function knownOf(scope: Parameters<typeof optionsOf>[0]): Known {
  const options = optionsOf(scope);
  const given = options.filter((option) => option.default !== undefined);
  return { options, defaults: Object.fromEntries(given.map((option) => [option.field, option.default])) };
}

/**
 * Docker's command line puts keys and values of `docker run` in lower case, so the case of a key does not matter. Keys of
 * Docker's own (`com.docker.…`) are left to Docker.
 */
function parse(
  given: Readonly<Record<string, unknown>>,
  { options, defaults }: Known,
): Readonly<Record<string, unknown>> {
  const values = { ...defaults };
  for (const [name, text] of Object.entries(given)) {
    const key = name.toLowerCase();
    if (key.startsWith('com.docker.')) continue;
    const option = options.find((candidate) => candidate.key === key);
    if (option === undefined) throw unknownOption(name, options);
    const result = option.text.safeParse(text);
    if (!result.success) throw invalidOption(key, text, result.error.issues[0]?.message);
    values[option.field] = result.data;
  }
  return values;
}

function unknownOption(name: string, known: Known['options']): DriverError {
  const keys = known.map(({ key }) => key);
  // "mtu" is meant as well as "routed.mut": what all of them start with says nothing.
  const near = closest(
    withoutPrefix(name.toLowerCase()),
    keys.map((key) => withoutPrefix(key)),
  );
  const meant = near === undefined ? '' : `; did you mean "${PREFIX}${near}"?`;
  return new DriverError(
    'INVALID_OPTION',
    `unknown driver option "${excerpt(name)}"; known options: ${keys.join(', ')}${meant}`,
  );
}

const PREFIX = 'routed.';

function withoutPrefix(key: string): string {
  return key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key;
}
