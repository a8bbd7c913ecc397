import { BlockList } from 'node:net';
import { formatIp } from '@routed/addresses';

/** Why an address is not opened, whatever name it is said to belong to. */
export type Forbidden = 'this host' | 'no destination' | 'private';

/** Loopback, link-local, multicast and the like: never what a name of another host has. Source: RFC 6890. */
const NO_DESTINATION = blocks(
  ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'],
  ['::/96', '::ffff:0:0/96', 'fe80::/10', 'ff00::/8', '100::/64'],
);
/** What each site has for itself. Source: RFC 1918, 6598, 6890, 4193, 8215; fec0::/10 RFC 3879. */
const PRIVATE = blocks(
  ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '192.0.0.0/24', '198.18.0.0/15'],
  ['fc00::/7', 'fec0::/10', '64:ff9b:1::/48'],
);

/** One list for each family: in a common one, rules for ::ffff:0:0/96 would hold for all of IPv4. */
interface Blocks {
  readonly ipv4: BlockList;
  readonly ipv6: BlockList;
}

function blocks(ipv4: readonly string[], ipv6: readonly string[]): Blocks {
  return { ipv4: listOf('ipv4', ipv4), ipv6: listOf('ipv6', ipv6) };
}

function listOf(family: keyof Blocks, prefixes: readonly string[]): BlockList {
  const list = new BlockList();
  for (const prefix of prefixes) {
    const [address = '', length] = prefix.split('/');
    list.addSubnet(address, Number(length), family);
  }
  return list;
}

/**
 * What keeps an address from being opened for a name; undefined for nothing.
 *
 * A public name with a private address is how a web page reaches what is behind a firewall (DNS rebinding).
 *
 * @param isPublic - whether the name is one of the public DNS; the others may have private addresses
 * @param isOwn - whether this host has an address
 */
export function forbidden(
  bytes: Uint8Array,
  isPublic: boolean,
  isOwn: (address: string) => boolean,
): Forbidden | undefined {
  const address = formatIp(bytes);
  if (isOwn(address)) return 'this host';
  const embedded = embeddedIpv4(bytes);
  const all = embedded === undefined ? [bytes] : [bytes, embedded];
  if (all.some((each) => isIn(NO_DESTINATION, each))) return 'no destination';
  if (embedded !== undefined && isOwn(formatIp(embedded))) return 'this host';
  return isPublic && all.some((each) => isIn(PRIVATE, each)) ? 'private' : undefined;
}

function isIn(blocks: Blocks, bytes: Uint8Array): boolean {
  const family = bytes.length === 4 ? 'ipv4' : 'ipv6';
  return blocks[family].check(formatIp(bytes), family);
}

/** The IPv4 address that a translator or a tunnel takes an IPv6 address for. Source: RFC 6052 (64:ff9b::/96), RFC 3056 (2002::/16). */
function embeddedIpv4(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length !== 16) return undefined;
  const prefix = [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
  if (prefix.every((byte, index) => bytes[index] === byte)) return bytes.subarray(12);
  return bytes[0] === 0x20 && bytes[1] === 0x02 ? bytes.subarray(2, 6) : undefined;
}
