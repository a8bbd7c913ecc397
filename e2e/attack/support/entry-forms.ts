import {
  addressBytes,
  type Ends,
  extension,
  fragment6,
  icmp,
  icmpv6,
  ipv4,
  ipv6,
  MORE_FRAGMENTS,
  PADDING,
  PROTOCOL,
  ROUTING,
  TCP,
  tcp,
  u16,
  udp,
} from './packets.ts';

/** A way to get a packet to somebody who does not want it. */
export interface EntryForm {
  readonly what: string;
  readonly family: 4 | 6;
  /**
   * `held`: the kernel keeps it, or drops it, wherever it goes.
   * `wanted`: it reaches a closed container, as docs/filters.md says.
   */
  readonly expected?: 'held' | 'wanted';
  /** The IP packets of it, from one end to the other. */
  packets(ends: Ends, id: number): readonly Buffer[];
}

/** A packet that its target sent before, of a flow to whoever attacks. */
export const FLOW = { from: 41_000, to: 51_000 } as const;

type Payload = (ends: Ends, id: number) => Buffer;

function in4(
  what: string,
  protocol: number,
  payload: Payload,
  more: Pick<EntryForm, 'expected'> & { options?: string } = {},
): EntryForm {
  const { options = '', ...rest } = more;
  const packets = (ends: Ends, id: number): Buffer[] => [
    ipv4({ ...ends, protocol, id, options: Buffer.from(options, 'hex') }, payload(ends, id)),
  ];
  return { what: `IPv4: ${what}`, family: 4, packets, ...rest } as const satisfies EntryForm;
}

function in6(what: string, nextHeader: number, payload: Payload, expected?: EntryForm['expected']): EntryForm {
  const packets = (ends: Ends, id: number): Buffer[] => [ipv6({ ...ends, nextHeader, id }, payload(ends, id))];
  return { what: `IPv6: ${what}`, family: 6, packets, ...(expected === undefined ? {} : { expected }) };
}

/** A source port of its own, so that no two forms are one connection. */
const own = (id: number): number => 20_000 + (id & 0xfff);
const flagged =
  (flags: number, from?: number): Payload =>
  (ends, id) =>
    tcp(ends, flags, { from: from ?? own(id) });
const datagram =
  (ports: { from?: number; to?: number } = {}): Payload =>
  (ends, id) =>
    udp(ends, { from: own(id), ...ports });

const TCP_FLAGS: readonly (readonly [name: string, flags: number])[] = [
  ['SYN', TCP.syn],
  ['SYN and ACK', TCP.syn | TCP.ack],
  ['ACK', TCP.ack],
  ['FIN', TCP.fin],
  ['FIN and ACK', TCP.fin | TCP.ack],
  ['RST', TCP.rst],
  ['PSH and ACK', TCP.psh | TCP.ack],
  ['URG', TCP.urg],
  ['no flags', 0],
  ['all of FIN, PSH and URG', TCP.fin | TCP.psh | TCP.urg],
  ['SYN and FIN', TCP.syn | TCP.fin],
  ['SYN with ECN', TCP.syn | TCP.ece | TCP.cwr],
];

/** The packet that an ICMP error is about: as if the target had sent it. */
function about(ends: Ends, ports: { from: number; to: number }): Buffer {
  const back = { source: ends.target, target: ends.source };
  const inner = udp(back, ports);
  return ends.source.includes(':')
    ? ipv6({ ...back, nextHeader: PROTOCOL.udp, id: 1 }, inner)
    : ipv4({ ...back, protocol: PROTOCOL.udp, id: 1 }, inner);
}

const NO_FLOW = { from: 45_000, to: 55_000 };
const error4 =
  (type: number, code: number, ports = NO_FLOW): Payload =>
  (ends) =>
    icmp(type, code, Buffer.concat([u16(0), u16(1_400), about(ends, ports)]));
const error6 =
  (type: number, code: number): Payload =>
  (ends) =>
    icmpv6(ends, type, code, Buffer.concat([u16(0), u16(1_400), about(ends, NO_FLOW)]));

/** UDP in IPv4, cut into pieces of 16 bytes; `order` says which are sent, and when. */
function pieces(what: string, order: readonly number[], expected?: 'held'): EntryForm {
  return {
    what: `IPv4: ${what}`,
    family: 4,
    ...(expected === undefined ? {} : { expected }),
    packets: (ends, id) => {
      const whole = udp(ends, { from: own(id) }, 'x'.repeat(40));
      return order.map((piece) => {
        const fragment = (piece * 2) | (piece === 2 ? 0 : MORE_FRAGMENTS);
        const header = { ...ends, protocol: PROTOCOL.udp, id, fragment };
        return ipv4(header, whole.subarray(piece * 16, piece * 16 + 16));
      });
    },
  };
}

/** The same in IPv6. */
function pieces6(what: string, order: readonly number[], expected?: 'held'): EntryForm {
  return {
    what: `IPv6: ${what}`,
    family: 6,
    ...(expected === undefined ? {} : { expected }),
    packets: (ends, id) => {
      const whole = udp(ends, { from: own(id) }, 'x'.repeat(40));
      return order.map((piece) => {
        const part = whole.subarray(piece * 16, piece * 16 + 16);
        return ipv6({ ...ends, nextHeader: 44, id }, fragment6(PROTOCOL.udp, piece * 16, piece === 2, part));
      });
    },
  };
}

const bytes =
  (length: number): Payload =>
  () =>
    Buffer.alloc(length, 1);
const IPV4_FORMS: readonly EntryForm[] = [
  ...TCP_FLAGS.map(([name, flags]) => in4(`TCP with ${name}`, PROTOCOL.tcp, flagged(flags))),
  ...[20, 53, 80, 443].map((port) => in4(`TCP with SYN from port ${port}`, PROTOCOL.tcp, flagged(TCP.syn, port))),
  in4('TCP with SYN and ACK from port 80', PROTOCOL.tcp, flagged(TCP.syn | TCP.ack, 81)),
  in4('UDP', PROTOCOL.udp, datagram()),
  ...[53, 67, 123, 500].map((port) => in4(`UDP from port ${port}`, PROTOCOL.udp, datagram({ from: port }))),
  in4('UDP to port 68', PROTOCOL.udp, datagram({ from: 67, to: 68 })),
  in4('UDP to port 53', PROTOCOL.udp, datagram({ to: 53 })),
  in4(
    'UDP from another port of a machine that the container talks to',
    PROTOCOL.udp,
    datagram({ from: 51_001, to: FLOW.from }),
  ),
  in4('UDP to another port of a container that talks', PROTOCOL.udp, datagram({ from: FLOW.to, to: 41_001 })),
  in4('UDP, an answer that the container waits for', PROTOCOL.udp, datagram({ from: FLOW.to, to: FLOW.from }), {
    expected: 'wanted',
  }),
  in4('ICMP echo', PROTOCOL.icmp, (_ends, id) => icmp(8, 0, Buffer.concat([u16(id), u16(1)]))),
  in4('ICMP echo reply that nobody asked for', PROTOCOL.icmp, () => icmp(0, 0)),
  in4('ICMP timestamp', PROTOCOL.icmp, (_ends, id) => icmp(13, 0, Buffer.concat([u16(id), Buffer.alloc(14)]))),
  in4('ICMP address mask', PROTOCOL.icmp, (_ends, id) => icmp(17, 0, Buffer.concat([u16(id), Buffer.alloc(6)]))),
  in4('ICMP router advertisement', PROTOCOL.icmp, () => icmp(9, 0, Buffer.alloc(12))),
  in4('ICMP redirect', PROTOCOL.icmp, error4(5, 1)),
  in4('ICMP port unreachable about nothing', PROTOCOL.icmp, error4(3, 3)),
  in4('ICMP time exceeded about nothing', PROTOCOL.icmp, error4(11, 0)),
  in4('ICMP parameter problem about nothing', PROTOCOL.icmp, error4(12, 0)),
  in4('ICMP fragmentation needed', PROTOCOL.icmp, error4(3, 4), { expected: 'wanted' }),
  in4('ICMP port unreachable about a flow of the container', PROTOCOL.icmp, error4(3, 3, FLOW), { expected: 'wanted' }),
  in4('IGMP', 2, () => icmp(0x11, 0, Buffer.alloc(4))),
  in4('IPv4 in IPv4', 4, (ends) => ipv4({ ...ends, protocol: PROTOCOL.udp, id: 1 }, udp(ends))),
  in4('IPv6 in IPv4', 41, bytes(40)),
  in4('GRE', 47, () => Buffer.from('0000080045000014', 'hex')),
  in4('ESP', 50, bytes(32)),
  in4('AH', 51, bytes(32)),
  in4('DCCP', 33, bytes(24)),
  in4('OSPF', 89, bytes(24)),
  in4('PIM', 103, bytes(8)),
  in4('VRRP', 112, bytes(8)),
  in4('SCTP', 132, () => Buffer.from('1388138800000000000000000100001400000001000100000001000100000001', 'hex')),
  in4('UDP-Lite', 136, datagram()),
  in4('a protocol of nobody', 253, bytes(16)),
  in4('UDP behind a record of the route', PROTOCOL.udp, datagram(), { options: '0707040000000000' }),
  in4('UDP behind a router alert', PROTOCOL.udp, datagram(), { options: '94040000' }),
  in4('UDP behind no operations', PROTOCOL.udp, datagram(), { options: '01010101' }),
  in4('UDP behind a timestamp', PROTOCOL.udp, datagram(), { options: '440c0500000000000000000000'.slice(0, 24) }),
  in4('UDP behind a source route', PROTOCOL.udp, datagram(), { options: '8307040a01000900', expected: 'held' }),
  pieces('UDP in fragments', [0, 1, 2]),
  pieces('UDP in fragments, the last first', [2, 1, 0]),
  pieces('a fragment alone, the first', [0], 'held'),
  pieces('a fragment alone, the last', [2], 'held'),
];

const IPV6_FORMS: readonly EntryForm[] = [
  in6('TCP with SYN', PROTOCOL.tcp, flagged(TCP.syn)),
  in6('TCP with ACK', PROTOCOL.tcp, flagged(TCP.ack)),
  in6('TCP with no flags', PROTOCOL.tcp, flagged(0)),
  in6('UDP', PROTOCOL.udp, datagram()),
  in6('UDP from port 547', PROTOCOL.udp, datagram({ from: 547, to: 546 })),
  in6('ICMPv6 echo', PROTOCOL.icmpv6, (ends, id) => icmpv6(ends, 128, 0, Buffer.concat([u16(id), u16(1)]))),
  in6('ICMPv6 echo reply that nobody asked for', PROTOCOL.icmpv6, (ends) => icmpv6(ends, 129, 0)),
  in6('ICMPv6 unreachable about nothing', PROTOCOL.icmpv6, error6(1, 4)),
  in6('ICMPv6 time exceeded about nothing', PROTOCOL.icmpv6, error6(3, 0)),
  in6('ICMPv6 parameter problem about nothing', PROTOCOL.icmpv6, error6(4, 1)),
  in6('ICMPv6 packet too big', PROTOCOL.icmpv6, error6(2, 0), 'wanted'),
  in6('ICMPv6 node information', PROTOCOL.icmpv6, (ends) => icmpv6(ends, 139, 0, Buffer.alloc(28))),
  in6('neighbour discovery', PROTOCOL.icmpv6, (ends) => icmpv6(ends, 135, 0, neighbour(ends)), 'wanted'),
  in6('UDP behind hop-by-hop options', 0, (ends, id) => extension(PROTOCOL.udp, PADDING, datagram()(ends, id))),
  in6('UDP behind destination options', 60, (ends, id) => extension(PROTOCOL.udp, PADDING, datagram()(ends, id))),
  in6('UDP behind a routing header', 43, (ends, id) => extension(PROTOCOL.udp, ROUTING, datagram()(ends, id))),
  in6('UDP behind three extension headers', 60, (ends, id) =>
    extension(43, PADDING, extension(60, ROUTING, extension(PROTOCOL.udp, PADDING, datagram()(ends, id)))),
  ),
  in6('UDP in an atomic fragment', 44, (ends, id) => fragment6(PROTOCOL.udp, 0, true, datagram()(ends, id))),
  in6('no next header', 59, bytes(8)),
  in6('GRE', 47, () => Buffer.from('000086dd60000000', 'hex')),
  in6('ESP', 50, bytes(32)),
  in6('IPv6 in IPv6', 41, (ends) => ipv6({ ...ends, nextHeader: PROTOCOL.udp, id: 1 }, udp(ends))),
  in6('SCTP', 132, bytes(32)),
  pieces6('UDP in fragments', [0, 1, 2]),
  pieces6('UDP in fragments, the last first', [2, 1, 0]),
  pieces6('a fragment alone', [2], 'held'),
];

function neighbour({ target }: Ends): Buffer {
  return Buffer.concat([Buffer.alloc(4), addressBytes(target)]);
}

/** Every way in that is tried. */
export const ENTRY_FORMS: readonly EntryForm[] = [...IPV4_FORMS, ...IPV6_FORMS];
