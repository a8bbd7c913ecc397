/** `"7/24"` by prefix length and last octet; made when it is first needed. */
const endings: (readonly string[] | undefined)[] = [];
let lastNetwork = -1;
let lastStart = '';

/** `10.0.0.7/24` of the four bytes at `offset`. A table is sorted, so most rows begin as the one before. */
export function ipv4PrefixAt(bytes: Uint8Array, offset: number, prefixLength: number): string {
  const [first = 0, second = 0, third = 0, fourth = 0] = [
    bytes[offset],
    bytes[offset + 1],
    bytes[offset + 2],
    bytes[offset + 3],
  ];
  const network = (first << 16) | (second << 8) | third;
  if (network !== lastNetwork) [lastNetwork, lastStart] = [network, `${first}.${second}.${third}.`];
  const ends = (endings[prefixLength] ??= Array.from({ length: 256 }, (_, octet) => `${octet}/${prefixLength}`));
  return lastStart + (ends[fourth] ?? '');
}
