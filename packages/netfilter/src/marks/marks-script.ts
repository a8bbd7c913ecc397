import { isIP, isIPv4 } from 'node:net';
import { NetfilterError } from '../netfilter-error.ts';

/** What is marked. */
export interface MarkedTraffic {
  /** Where containers have their addresses, in CIDR form: connections to other destinations stay as they are. */
  readonly prefixes: readonly string[];
  /** The links that lead off the host; what comes from any other one begins on this host. */
  readonly uplinks: readonly string[];
  /**
   * Addresses that this host announces, and another one announced before: connections from outside that this host has not seen
   * begin belong to the other one.
   */
  readonly takenOver: readonly string[];
  /**
   * MAC addresses of the next hops to that host. What they send is for the container of this host: the other host has none any more,
   * or they are routers, and would send it back here for ever.
   */
  readonly previousMacs: readonly string[];
}

/**
 * The bits, in the mark of a connection and of its packets.
 *
 * - `opened`: begun on this host, by a container or the host itself, and not yet answered by a container of this host;
 * - `elsewhere`: answered by another host.
 */
export const CONNECTION_MARKS = { opened: 0x0400_0000, elsewhere: 0x0800_0000 } as const;

const { opened, elsewhere } = CONNECTION_MARKS;
const BOTH = opened | elsewhere;
/** Begins a connection: its packet may meet what the kernel still tracks of an earlier one from the same port. */
const AT_THE_BEGINNING = 'meta l4proto tcp tcp flags & (syn | ack) == syn';
/** The other 30 bits. */
const OTHERS = ~BOTH >>> 0;

/** After connection tracking, before address translation and routing. Source: linux uapi netfilter_ipv4.h, NF_IP_PRI_MANGLE. */
const PRIORITY = 'mangle';

/** The first packet of a TCP connection has SYN alone. A reset answers what nobody tracks any more. */
const IN_THE_MIDDLE = 'meta l4proto tcp tcp flags & (syn | ack) != syn';

/**
 * The table that marks connections, as input for `nft -f -`. Pure.
 *
 * Marks belong to connections, not to their state: an "established" one may be with either holder. Connections that were there
 * before the rules have no mark, and stay with the container of this host.
 *
 * @throws NetfilterError FILTER_INVALID
 */
export function marksScript(
  { prefixes, uplinks, takenOver, previousMacs }: MarkedTraffic,
  { table, linkPrefix }: { readonly table: string; readonly linkPrefix: string },
): string {
  const isWithin = (set: string): string[] => [`ip daddr @${set}4`, `ip6 daddr @${set}6`];
  const fromUplink = 'iifname @uplinks';
  const toPackets = [elsewhere, opened].map((bit) => `ct mark & ${bit} != 0 meta mark set meta mark | ${bit}`);
  return [
    `table inet ${table} {`,
    ...addressSets('prefixes', prefixes.map(checkedPrefix)),
    ...addressSets('taken_over', takenOver.map(checkedAddress)),
    setOf('uplinks', 'ifname', uplinks.map(quotedLink)),
    setOf('previous', 'ether_addr', previousMacs.map(checkedMac)),
    ...chain('opens', [`ct state new ct mark set ct mark | ${opened}`]),
    ...chain('continues', [
      `${AT_THE_BEGINNING} ct mark & ${elsewhere} != 0 ct mark set ct mark & ${OTHERS}`,
      `ct state new ${IN_THE_MIDDLE} ct mark set ct mark | ${elsewhere}`,
      // Where the kernel takes up no connection in the middle (nf_conntrack_tcp_loose=0), it tracks none to mark.
      `ct state invalid ${IN_THE_MIDDLE} meta mark set meta mark | ${elsewhere}`,
    ]),
    ...chain('prerouting', [
      `type filter hook prerouting priority ${PRIORITY}; policy accept;`,
      // The container of this host answers: the connection is with it from now on.
      `iifname "${linkPrefix}*" ct direction reply ct mark & ${BOTH} != 0 ct mark set ct mark & ${OTHERS}`,
      `${fromUplink} ct direction reply ct mark & ${opened} != 0 ct mark set ct mark | ${elsewhere}`,
      'ether saddr @previous return',
      ...isWithin('prefixes').map((match) => `${match} iifname != @uplinks jump opens`),
      ...isWithin('taken_over').map((match) => `${match} ${fromUplink} jump continues`),
      ...toPackets,
    ]),
    ...chain('output', [
      `type route hook output priority ${PRIORITY}; policy accept;`,
      // Clients beside the other host would send there by themselves, for as long as they remember.
      ...(takenOver.length === 0 ? [] : ['icmp type redirect drop', 'icmpv6 type nd-redirect drop']),
      ...isWithin('prefixes').map((match) => `${match} jump opens`),
      ...toPackets,
    ]),
    '}',
    '',
  ].join('\n');
}

function chain(name: string, lines: readonly string[]): string[] {
  return [`chain ${name} {`, ...lines, '}'];
}

function addressSets(name: string, elements: readonly string[]): string[] {
  const isOf4 = (element: string): boolean => !element.includes(':');
  return [
    setOf(`${name}4`, 'ipv4_addr; flags interval; auto-merge', elements.filter(isOf4)),
    setOf(
      `${name}6`,
      'ipv6_addr; flags interval; auto-merge',
      elements.filter((element) => !isOf4(element)),
    ),
  ];
}

function setOf(name: string, type: string, elements: readonly string[]): string {
  const content = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} };`;
  return `set ${name} { type ${type};${content} }`;
}

function checkedPrefix(prefix: string): string {
  const [address = '', length, ...rest] = prefix.split('/');
  const bits = isIPv4(address) ? 32 : 128;
  if (isIP(address) !== 0 && /^\d{1,3}$/.test(length ?? '') && Number(length) <= bits && rest.length === 0)
    return prefix;
  throw invalid(`"${prefix}" is not a prefix: expected such as 10.1.0.0/16 or fd00:1::/64`);
}

function checkedAddress(address: string): string {
  if (isIP(address) !== 0 && !address.includes('%')) return address;
  throw invalid(`"${address}" is not an IP address: expected such as 10.1.0.2 or fd00:1::2`);
}

function checkedMac(mac: string): string {
  if (/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(mac)) return mac;
  throw invalid(`"${mac}" is not a MAC address: expected such as 02:42:0a:00:00:01`);
}

function quotedLink(name: string): string {
  // Source: linux net/core/dev.c dev_valid_name; nft reads `*` as any ending, and quotes end a name.
  if (/^[^\s/:*"\\]{1,15}$/.test(name)) return `"${name}"`;
  throw invalid(`"${name}" is not the name of one link`);
}

function invalid(reason: string): NetfilterError {
  return new NetfilterError({ code: 'FILTER_INVALID', operation: 'connection marks', reason });
}
