import { formatPrefix } from '@routed/addresses';
import fc from 'fast-check';
import { knownPrefix } from '../../../src/prefix.ts';

export type Arb<T = unknown> = fc.Arbitrary<T>;

export const maybe = <T>(arbitrary: Arb<T>): Arb<T | undefined> => fc.option(arbitrary, { nil: undefined, freq: 2 });
/** Of use with others only, which the rules often refuse: one time in five. */
export const rarely = <T>(arbitrary: Arb<T>): Arb<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 4 }, { arbitrary, weight: 1 });
export const int = (min: number, max: number): Arb<number> =>
  fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max }));
export const record = (fields: Record<string, Arb>): Arb<Record<string, unknown>> =>
  fc
    .record(fields)
    .map((value) => Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)));

export const ipv4 = fc.tuple(int(1, 126), int(0, 255), int(0, 255), int(1, 254)).map((octets) => octets.join('.'));
export const prefix4 = fc
  .tuple(fc.ipV4(), int(1, 32))
  .map(([address, length]) => formatPrefix(knownPrefix(`${address}/${length}`)));
export const container4 = fc
  .tuple(int(16, 31), int(0, 255), int(8, 30))
  .map(([b, c, length]) => formatPrefix(knownPrefix(`10.${b}.${c}.0/${length}`)));
export const container6 = fc
  .tuple(int(0, 65535), int(16, 120))
  .map(([group, length]) => formatPrefix(knownPrefix(`fd00:${group.toString(16)}::/${length}`)));
export const ifname = fc.constantFrom('eth0', 'eth1', 'bond0.100', 'enp3s0f1', 'wg-mesh', 'veth@x', 'fifteen-letters');
/** Of a route map, a prefix list or a peer group. */
export const name = fc.constantFrom('A', 'fast', 'To_Switch.1', 'B-2');
export const words = fc.string({
  unit: fc.constantFrom('a', 'Z', '0', '-', '.', "'", '"', '!', '#', 'é', ' '),
  minLength: 1,
  maxLength: 20,
});
const KEY_CHARACTERS = Array.from('aZ09!#"\'$%&*()+,-./:;<=>@[]^_{}~');
export const key = (length: number): Arb<string> =>
  fc.string({ unit: fc.constantFrom(...KEY_CHARACTERS), minLength: 1, maxLength: length });
export const area = fc.oneof(int(0, 4294967295), ipv4);
/** Or a prefix length and a range of lengths that the rules accept of it. */
export const ranged = (prefix: Arb<string>, bits: number): Arb<Record<string, unknown>> =>
  fc.tuple(prefix, maybe(int(1, bits)), maybe(int(1, bits))).map(([text, one, other]) => {
    const { length } = knownPrefix(text);
    const [ge, le] = [one, other].map((value) => (value === undefined || value <= length ? undefined : value));
    const isOrdered = ge === undefined || le === undefined || ge <= le;
    return {
      prefix: text,
      ...(ge === undefined ? {} : { ge }),
      ...(le === undefined || !isOrdered ? {} : { le }),
    };
  });
