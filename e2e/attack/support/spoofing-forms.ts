import {
  arp,
  type ArpFields,
  type Ends,
  extension,
  fragment6,
  frame,
  type FrameEnds,
  icmp,
  icmpv6,
  ipv4,
  ipv6,
  macBytes,
  MORE_FRAGMENTS,
  PADDING,
  PROTOCOL,
  ROUTING,
  TCP,
  tcp,
  udp,
  addressBytes,
  vlanTag,
} from './packets.ts';

/** Who is who in an attempt to send as somebody else. */
export interface SpoofingScene extends FrameEnds {
  /** Those of the container that sends. */
  readonly own4: string;
  readonly own6: string;
  /** Those of another container, which it pretends to be, and to which it sends. */
  readonly other4: string;
  readonly other6: string;
  readonly host4: string;
  readonly gateway4: string;
}

/** A way to send as somebody else. */
export interface SpoofingForm {
  readonly what: string;
  /** By what a witness knows it. */
  readonly kind: 'ip' | 'arp';
  /** The frames of it; the last is the one that is looked for. */
  frames(scene: SpoofingScene, id: number): readonly Buffer[];
}

/** The sender's MAC address by which a witness knows an ARP form. */
export function markedMac(id: number): string {
  return `02:aa:00:00:${(id >> 8).toString(16).padStart(2, '0')}:${(id & 0xff).toString(16).padStart(2, '0')}`;
}

type Packet = (scene: SpoofingScene, id: number) => Buffer;

function ip(what: string, packet: Packet, tags: readonly Buffer[] = []): SpoofingForm {
  return { what, kind: 'ip', frames: (scene, id) => [frame(scene, packet(scene, id), tags)] };
}

/** UDP to the other container, from any address. */
function udpFrom(what: string, source: (scene: SpoofingScene) => string, tags: readonly Buffer[] = []): SpoofingForm {
  const isIpv6 = what.startsWith('IPv6');
  const packet: Packet = (scene, id) => {
    const ends = { source: source(scene), target: isIpv6 ? scene.other6 : scene.other4 };
    return isIpv6
      ? ipv6({ ...ends, nextHeader: PROTOCOL.udp, id }, udp(ends))
      : ipv4({ ...ends, protocol: PROTOCOL.udp, id }, udp(ends));
  };
  return ip(what, packet, tags);
}

function from4(what: string, protocol: number, payload: (ends: Ends) => Buffer): SpoofingForm {
  return ip(`IPv4: ${what} from an address of nobody`, ({ other4 }, id) => {
    const ends = { source: '10.1.77.4', target: other4 };
    return ipv4({ ...ends, protocol, id }, payload(ends));
  });
}

function from6(what: string, nextHeader: number, payload: (ends: Ends) => Buffer): SpoofingForm {
  return ip(`IPv6: ${what} from an address of nobody`, ({ other6 }, id) => {
    const ends = { source: 'fd00:1::77', target: other6 };
    return ipv6({ ...ends, nextHeader, id }, payload(ends));
  });
}

/** Neighbour discovery: hop limit 255. */
function discovery(
  what: string,
  ends: (scene: SpoofingScene) => Ends,
  message: (scene: SpoofingScene, ends: Ends) => Buffer,
): SpoofingForm {
  return {
    what: `neighbour discovery: ${what}`,
    kind: 'ip',
    frames: (scene, id) => {
      const between = ends(scene);
      const packet = ipv6({ ...between, nextHeader: PROTOCOL.icmpv6, id, hopLimit: 255 }, message(scene, between));
      return [frame({ ...scene, targetMac: '33:33:00:00:00:01' }, packet)];
    },
  };
}

const linkLocal = 'fe80::a77a:1';
const everybody = 'ff02::1';
const linkLayer = (type: number, mac: string): Buffer => Buffer.concat([Buffer.from([type, 1]), macBytes(mac)]);
const advertise = (scene: SpoofingScene, ends: Ends, target: string): Buffer =>
  icmpv6(
    ends,
    136,
    0,
    Buffer.concat([Buffer.from('20000000', 'hex'), addressBytes(target), linkLayer(2, scene.sourceMac)]),
  );
const solicit = (ends: Ends, target: string): Buffer =>
  icmpv6(ends, 135, 0, Buffer.concat([Buffer.alloc(4), addressBytes(target)]));

function arpForm(what: string, fields: (scene: SpoofingScene) => Omit<ArpFields, 'senderMac'>): SpoofingForm {
  return {
    what: `ARP: ${what}`,
    kind: 'arp',
    frames: (scene, id) => [
      arp({ ...scene, targetMac: 'ff:ff:ff:ff:ff:ff' }, { ...fields(scene), senderMac: markedMac(id) }),
    ],
  };
}

const inFragments: SpoofingForm = {
  what: 'IPv4: in two fragments, from an address of nobody',
  kind: 'ip',
  frames: (scene, id) => {
    const ends = { source: '10.1.77.5', target: scene.other4 };
    const whole = udp(ends, {}, 'x'.repeat(24));
    const header = { ...ends, protocol: PROTOCOL.udp, id };
    return [
      frame(scene, ipv4({ ...header, fragment: MORE_FRAGMENTS }, whole.subarray(0, 16))),
      frame(scene, ipv4({ ...header, fragment: 2 }, whole.subarray(16))),
    ];
  },
};

/** Every way to send as somebody else that is tried. */
export const SPOOFING_FORMS: readonly SpoofingForm[] = [
  udpFrom('IPv4: UDP from an address of nobody', () => '10.1.77.1'),
  udpFrom('IPv4: UDP from the address of another container', ({ other4 }) => other4),
  udpFrom('IPv4: UDP from the address of the gateway', ({ gateway4 }) => gateway4),
  udpFrom('IPv4: UDP from the address of the host', ({ host4 }) => host4),
  udpFrom('IPv4: UDP from an address of the internet', () => '8.8.8.8'),
  udpFrom('IPv4: UDP from 0.0.0.0', () => '0.0.0.0'),
  udpFrom('IPv4: UDP from 127.0.0.1', () => '127.0.0.1'),
  udpFrom('IPv4: UDP from 255.255.255.255', () => '255.255.255.255'),
  udpFrom('IPv4: UDP from a multicast address', () => '224.0.0.5'),
  udpFrom('IPv4: UDP in a priority tag of IEEE 802.1Q', () => '10.1.77.2', [vlanTag(0)]),
  from4('TCP', PROTOCOL.tcp, (ends) => tcp(ends, TCP.syn)),
  from4('ICMP echo', PROTOCOL.icmp, () => icmp(8, 0)),
  from4('ICMP redirect', PROTOCOL.icmp, () => icmp(5, 1, Buffer.alloc(32))),
  from4('GRE', 47, () => Buffer.from('0000080045000014', 'hex')),
  from4('OSPF', 89, () => Buffer.alloc(24)),
  ip('IPv4: with options, from an address of nobody', ({ other4 }, id) => {
    const ends = { source: '10.1.77.3', target: other4 };
    const options = Buffer.from('0707040000000000', 'hex');
    return ipv4({ ...ends, protocol: PROTOCOL.udp, id, options }, udp(ends));
  }),
  inFragments,
  udpFrom('IPv6: UDP from an address of nobody', () => 'fd00:1::77'),
  udpFrom('IPv6: UDP from the address of another container', ({ other6 }) => other6),
  udpFrom('IPv6: UDP from an address of the internet', () => '2001:db8::1'),
  udpFrom('IPv6: UDP from the link-local address of the gateway', () => 'fe80::1'),
  udpFrom('IPv6: UDP from ::', () => '::'),
  udpFrom('IPv6: UDP from an IPv4 address in an IPv6 one', () => '::ffff:10.1.0.3'),
  from6('TCP', PROTOCOL.tcp, (ends) => tcp(ends, TCP.syn)),
  from6('ICMPv6 echo', PROTOCOL.icmpv6, (ends) => icmpv6(ends, 128, 0)),
  from6('hop-by-hop options', 0, (ends) => extension(PROTOCOL.udp, PADDING, udp(ends))),
  from6('a routing header', 43, (ends) => extension(PROTOCOL.udp, ROUTING, udp(ends))),
  from6('an atomic fragment', 44, (ends) => fragment6(PROTOCOL.udp, 0, true, udp(ends))),
  from6('destination options', 60, (ends) => extension(PROTOCOL.udp, PADDING, udp(ends))),
  discovery(
    "another container's address claimed",
    () => ({ source: linkLocal, target: everybody }),
    (scene, ends) => advertise(scene, ends, scene.other6),
  ),
  discovery(
    "the gateway's address claimed",
    () => ({ source: linkLocal, target: everybody }),
    (scene, ends) => advertise(scene, ends, 'fe80::1'),
  ),
  discovery(
    "the gateway's address claimed by itself",
    () => ({ source: 'fe80::1', target: everybody }),
    (scene, ends) => advertise(scene, ends, 'fe80::1'),
  ),
  discovery(
    "another container's address asked for before use",
    () => ({ source: '::', target: everybody }),
    (scene, ends) => solicit(ends, scene.other6),
  ),
  discovery(
    "a question from another container's address",
    ({ other6 }) => ({ source: other6, target: everybody }),
    (_scene, ends) => solicit(ends, 'fe80::1'),
  ),
  discovery(
    'a router advertised',
    () => ({ source: linkLocal, target: everybody }),
    (scene, ends) =>
      icmpv6(
        ends,
        134,
        0,
        Buffer.concat([Buffer.from('400007080000000000000000', 'hex'), linkLayer(1, scene.sourceMac)]),
      ),
  ),
  discovery(
    'a redirect',
    () => ({ source: linkLocal, target: everybody }),
    (scene, ends) =>
      icmpv6(ends, 137, 0, Buffer.concat([Buffer.alloc(4), addressBytes(linkLocal), addressBytes(scene.other6)])),
  ),
  arpForm("a question from another container's address", ({ other4, gateway4 }) => ({
    operation: 'request',
    sender: other4,
    target: gateway4,
  })),
  arpForm("another container's address announced", ({ other4 }) => ({
    operation: 'request',
    sender: other4,
    target: other4,
  })),
  arpForm("the gateway's address announced", ({ gateway4 }) => ({
    operation: 'reply',
    sender: gateway4,
    target: gateway4,
  })),
  arpForm("the host's address in an answer", ({ host4, gateway4 }) => ({
    operation: 'reply',
    sender: host4,
    target: gateway4,
  })),
];
